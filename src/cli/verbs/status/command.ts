import { type Command, Option } from 'commander';
import { defaultControl } from '../../endpoints';
import { sessionOf } from '../../session';

export interface StatusOptions {
  readonly endpoint?: string;
  readonly dir?: string;
  readonly format: 'text' | 'json';
  readonly watch?: boolean;
  readonly all?: boolean;
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show a running mesh, desired against actual: models up, loading and failed, shards, pods, memory')
    .option(
      '-e, --endpoint <url>',
      `meshd: of \`stowage local\`, or a router pod's port 8083 by kubectl port-forward (default: ${defaultControl})`,
    )
    .option('--dir <path>', 'the directory that `stowage local --dir` works in, in place of --endpoint')
    .addOption(new Option('-f, --format <format>', 'form of the report').choices(['text', 'json']).default('text'))
    .option('--all', 'list every model, not only those that are not up')
    .option('--watch', 'show it anew whenever it changes, until Ctrl-C; as JSON: one line each')
    .action(async (options: StatusOptions, self: Command) => {
      const { status } = require('./status') as typeof import('./status');
      process.exitCode = await status(options, sessionOf(self));
    });
}
