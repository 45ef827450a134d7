import { diagnostic, StowageError } from '../../src/errors/stowage-error';
import { brokenBudgets } from '../../src/plan/make-plan';
import type { PlannedFleet } from '../../src/project/plan-fleet';
import { conflictDiagnostic } from '../../src/report/conflict-facts';
import { budgetLabel, quantity } from '../../src/report/units';

/**
 * @throws StowageError STW5105, one finding for each hard budget that the plan breaks, and STW3010 or STW3011, which says
 * what conflicts and what would help
 */
export function refuseBrokenBudgets({ plan, conflict }: Pick<PlannedFleet, 'plan' | 'conflict'>): void {
  const broken = brokenBudgets(plan).map(({ budget, used, limit, unit }) =>
    diagnostic(
      'STW5105',
      `the plan of ${plan.fleet.name} needs ${quantity(used, unit)} of the budget "${budgetLabel(budget)}", which ends at ${quantity(limit, unit)}`,
    ),
  );
  if (broken.length === 0) return;
  const found = conflict();
  throw new StowageError(found === null ? broken : [...broken, conflictDiagnostic(found)]);
}
