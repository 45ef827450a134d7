import { type Command, Option } from 'commander';
import {
  addFrozenOption,
  addLockfileOptions,
  addMoveOptions,
  fleetArgument,
  type PlanningOptions,
} from '../../planning';
import { sessionOf } from '../../session';

export interface PlanOptions extends PlanningOptions {
  readonly format?: 'text' | 'json' | 'markdown' | 'html' | 'svg';
  readonly out?: string;
  readonly detailedExitcode?: boolean;
  readonly details?: boolean;
}

export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('show what would run where: budgets, one server a model, proven bound, changes')
    .argument(...fleetArgument)
    .addOption(
      new Option('-f, --format <format>', 'form of the report (default: by the ending of --out, else text)').choices([
        'text',
        'json',
        'markdown',
        'html',
        'svg',
      ]),
    )
    .option('-o, --out <file>', 'write the report to a file')
    .option('--details', 'list every change and every shard')
    .option('--detailed-exitcode', 'exit 2 where the plan changes something against the lockfile');
  addFrozenOption(addMoveOptions(addLockfileOptions(command))).action(
    (fleet: string | undefined, options: PlanOptions, self: Command) => {
      const { plan } = require('./plan') as typeof import('./plan');
      process.exitCode = plan(fleet, options, sessionOf(self));
    },
  );
}
