import { type Command, Option } from 'commander';
import { addLockfileOptions, fleetArgument, type PlanningOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface DiffOptions extends PlanningOptions {
  readonly format: 'text' | 'json' | 'markdown';
  readonly out?: string;
  readonly details?: boolean;
  readonly detailedExitcode?: boolean;
}

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('what differs from the plan at a git ref, or from a saved plan.json')
    .argument('[before]', 'git ref or plan.json (default: HEAD)')
    .argument(...fleetArgument)
    .addOption(
      new Option('-f, --format <format>', 'form of the report').choices(['text', 'json', 'markdown']).default('text'),
    )
    .option('-o, --out <file>', 'write the report to a file')
    .option('--details', 'list every change')
    .option('--detailed-exitcode', 'exit 2 where something differs');
  addLockfileOptions(command).action(
    (before: string | undefined, fleet: string | undefined, options: DiffOptions, self: Command) => {
      const { diff } = require('./diff') as typeof import('./diff');
      process.exitCode = diff(before, fleet, options, sessionOf(self));
    },
  );
}
