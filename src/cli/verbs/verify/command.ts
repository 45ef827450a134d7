import { type Command, Option } from 'commander';
import { addLockfileOptions, fleetArgument, type PlanningOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface VerifyOptions extends PlanningOptions {
  readonly format: 'text' | 'json';
}

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('check a plan with code that shares nothing with the packer')
    .argument('[plan]', 'plan.json (default: the plan made now)')
    .argument(...fleetArgument)
    .addOption(new Option('-f, --format <format>', 'form of the report').choices(['text', 'json']).default('text'));
  addLockfileOptions(command).action(
    (plan: string | undefined, fleet: string | undefined, options: VerifyOptions, self: Command) => {
      const { verify } = require('./verify') as typeof import('./verify');
      process.exitCode = verify(plan, fleet, options, sessionOf(self));
    },
  );
}
