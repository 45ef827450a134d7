import type { Fleet } from '../declare/fleet';
import { type Diagnostic, diagnostic } from '../errors/stowage-error';
import type { BudgetUsage, Changes } from './plan';

/** What the plan's reader should know though nothing forbids it. Hard budgets are not here: they stop the plan. */
export function planWarnings(fleet: Fleet, budgets: readonly BudgetUsage[], changes: Changes): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  const warn = (code: 'STW3001' | 'STW3002' | 'STW3003', message: string) =>
    warnings.push(diagnostic(code, message, { severity: 'warning' }));
  for (const { budget, unit, used, limit, enforcement, status } of budgets) {
    if (status === 'broken' && enforcement === 'warn')
      warn('STW3001', `the plan uses ${amount(used, unit)} of ${budget}, over the limit of ${amount(limit, unit)}`);
  }
  const estimated = fleet.models.filter((model) => model.footprint.provenance === 'estimated').map(({ key }) => key);
  if (estimated.length > 0)
    warn('STW3002', `${counted(estimated.length, 'model has', 'models have')} an estimated size: ${some(estimated)}`);
  // Of a model with several copies that move, one is enough.
  const forced = new Map(
    changes.moved
      .filter(({ reason }) => reason !== 'repack' && reason !== 'unlocked')
      .map(({ model, reason }) => [model, `${model} (${reason})`]),
  );
  if (forced.size > 0)
    warn(
      'STW3003',
      `${counted(forced.size, 'model leaves its', 'models leave their')} shard, as it no longer holds them: ${some([...forced.values()])}`,
    );
  return warnings;
}

function amount(value: number, unit: BudgetUsage['unit']): string {
  switch (unit) {
    case 'count':
      return String(value);
    case 'millicores':
      return `${(value / 1000).toFixed(1)} CPU`;
    case 'bytes':
      return `${(value / 2 ** 30).toFixed(1)} GiB`;
    case 'microdollars':
      return `$${(value / 1e6).toFixed(2)}`;
  }
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`;
}
