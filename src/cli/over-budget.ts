import type { BudgetUsage } from '../plan/plan';
import { budgetLabel, quantity } from '../report/units';
import { type ExitCode, exitCodes } from './exit-codes';
import type { Session } from './session';

/** Says which hard budgets are broken, and gives the exit status; printed under --quiet, too: nothing was done. */
export function refuseOverBudget(broken: readonly BudgetUsage[], outcome: string, session: Session): ExitCode {
  session.progress.end();
  const lines = broken.map(
    ({ budget, used, limit, unit }) =>
      `over budget: ${budgetLabel(budget)} ${quantity(used, unit)} of ${quantity(limit, unit)}\n`,
  );
  process.stderr.write(`${lines.join('')}${outcome} \`stowage plan\` shows the whole picture.\n`);
  return exitCodes.overBudget;
}
