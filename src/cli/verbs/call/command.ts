import type { Command } from 'commander';
import { defaultEndpoint } from '../../endpoints';
import { sessionOf } from '../../session';

export interface CallVerbOptions {
  readonly data?: string;
  readonly endpoint: string;
  readonly header?: readonly string[];
}

export function addCall(program: Command): void {
  program
    .command('call')
    .description(
      "send an inference request (Open Inference Protocol) to a running mesh; without data, ask for the model's metadata",
    )
    .argument('<model>', 'name, name@version, tenant/name or tenant/name@version')
    .option('-d, --data <json>', 'body of the request, or an array of rows ([[5.1, 3.5, 1.4, 0.2]]), or @file')
    .option('-e, --endpoint <url>', 'where the mesh listens', defaultEndpoint)
    .option(
      '-H, --header <header>',
      'a header of the request, such as "authorization: Bearer ..."; repeatable',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .action(async (model: string, options: CallVerbOptions, self: Command) => {
      const { call } = require('./call') as typeof import('./call');
      process.exitCode = await call(model, options, sessionOf(self));
    });
}
