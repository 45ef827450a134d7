import { type Command, Option } from 'commander';
import { addLockfileOptions, fleetArgument, type PlanningOptions } from '../../planning';
import { sessionOf } from '../../session';

export interface ExplainOptions extends PlanningOptions {
  readonly format: 'text' | 'json' | 'markdown';
}

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('where a model is, why there, and with whom it shares')
    .argument('<model>', 'tenant/name@version, or name or name@version where only one has it')
    .argument(...fleetArgument)
    .addOption(
      new Option('-f, --format <format>', 'form of the report').choices(['text', 'json', 'markdown']).default('text'),
    );
  addLockfileOptions(command).action(
    (model: string, fleet: string | undefined, options: ExplainOptions, self: Command) => {
      const { explain } = require('./explain') as typeof import('./explain');
      explain(model, fleet, options, sessionOf(self));
    },
  );
}
