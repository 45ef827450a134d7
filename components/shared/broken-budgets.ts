import { diagnostic, StowageError } from '../../src/errors/stowage-error';
import { brokenBudgets } from '../../src/plan/make-plan';
import type { Plan } from '../../src/plan/plan';
import { budgetLabel, quantity } from '../../src/report/units';

/** @throws StowageError STW5105, one finding for each hard budget that the plan breaks */
export function refuseBrokenBudgets(plan: Plan): void {
  const broken = brokenBudgets(plan).map(({ budget, used, limit, unit }) =>
    diagnostic(
      'STW5105',
      `the plan of ${plan.fleet.name} needs ${quantity(used, unit)} of the budget "${budgetLabel(budget)}", which ends at ${quantity(limit, unit)}`,
    ),
  );
  if (broken.length > 0) throw new StowageError(broken);
}
