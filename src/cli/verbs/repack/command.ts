import { type Command, Option } from 'commander';
import { addMoveLimits, fleetArgument, type MoveLimitOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface RepackOptions extends MoveLimitOptions {
  readonly curve?: boolean;
  readonly write?: boolean;
  readonly moveCost?: string;
  readonly horizon?: string;
  readonly lockfile?: string;
  readonly format?: 'text' | 'json' | 'markdown' | 'svg';
  readonly out?: string;
  readonly details?: boolean;
}

export function addRepack(program: Command): void {
  const command = program
    .command('repack')
    .description('what moving models would save: cost against moves, and the moves that pay')
    .argument(...fleetArgument)
    .option('--curve', 'the whole curve, with what placing everything anew would cost')
    .option('--write', 'write the lockfile with the moves taken')
    .option(
      '--move-cost <cost>',
      'what moves cost, such as 0.1/move, 0.02/GB or both with a comma (default: both of these)',
    )
    .option('--horizon <time>', 'how long savings count, such as 30d or 12h (default: 30d)')
    .option('--lockfile <path>', 'lockfile to start from and to write (default: stowage.lock beside the fleet)')
    .addOption(
      new Option('-f, --format <format>', 'form of the report (default: by the ending of --out, else text)').choices([
        'text',
        'json',
        'markdown',
        'svg',
      ]),
    )
    .option('-o, --out <file>', 'write the report to a file')
    .option('--details', 'every step of the curve');
  addMoveLimits(command).action((fleet: string | undefined, options: RepackOptions, self: Command) => {
    const { repack } = require('./repack') as typeof import('./repack');
    process.exitCode = repack(fleet, options, sessionOf(self));
  });
}
