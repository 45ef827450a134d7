import type { Plan } from '../plan/plan';
import { comparison, saving, statusText } from './plan-facts';
import { clipTo, n, rect, text, tooltip } from './svg-elements';
import type { Drawn } from './svg-shards';
import { budgetLabel, quantity } from './units';

const step = 30;

/** Ours over one server a model, a pair of bars each. */
export function drawComparison(plan: Plan, x: number, y: number, width: number): Drawn {
  const wanted = /^(pods|IP addresses|nodes|.* GPUs|CPU requested|memory requested|cost)$/;
  const rows = comparison(plan).filter(({ what }) => wanted.test(what));
  const left = 150;
  const right = 196;
  const full = width - left - right;
  const parts = rows.map((row, i) => {
    const top = y + i * step;
    const most = Math.max(row.ours, row.single, 1);
    const figures = `${quantity(row.ours, row.unit)} / ${quantity(row.single, row.unit)}`;
    return [
      `<g>${tooltip(`${row.what}: ${figures}, ${saving(row)}`)}`,
      text(x, top + 13, clipTo(row.what, left - 8, 12), 'sw-label'),
      rect(x + left, top + 2, Math.max(1.5, (row.ours / most) * full), 7, 'class="sw-ours" rx="1"'),
      rect(x + left, top + 11, Math.max(1.5, (row.single / most) * full), 7, 'class="sw-single" rx="1"'),
      text(x + width, top + 14, figures, 'sw-figure', 'end'),
      '</g>',
    ].join('');
  });
  return { svg: parts.join('\n'), height: rows.length * step };
}

/** Each budget a bar up to its limit. */
export function drawBudgets(plan: Plan, x: number, y: number, width: number): Drawn {
  if (plan.budgets.length === 0)
    return { svg: text(x, y + 13, 'The fleet declares no budget.', 'sw-label'), height: step };
  const left = 150;
  const right = 196;
  const full = width - left - right;
  const parts = plan.budgets.map((budget, i) => {
    const top = y + i * step;
    const share = budget.limit <= 0 ? (budget.used > 0 ? 1 : 0) : Math.min(1, budget.used / budget.limit);
    const look = budget.status === 'ok' ? (share > 0.85 ? 'sw-near' : 'sw-ok') : 'sw-over';
    const figures = `${quantity(budget.used, budget.unit)} of ${quantity(budget.limit, budget.unit)}`;
    return [
      `<g>${tooltip(`${budgetLabel(budget.budget)}: ${figures}, ${statusText(budget)}`)}`,
      text(x, top + 13, clipTo(budgetLabel(budget.budget), left - 8, 12), 'sw-label'),
      rect(x + left, top + 4, full, 12, 'class="sw-room" rx="2"'),
      share > 0 ? rect(x + left, top + 4, Math.max(2, share * full), 12, `class="${look}" rx="2"`) : '',
      text(
        x + width,
        top + 14,
        budget.status === 'ok' ? figures : `${figures}  ${statusText(budget)}`,
        'sw-figure',
        'end',
      ),
      '</g>',
    ].join('');
  });
  return { svg: parts.join('\n'), height: plan.budgets.length * step };
}

/** Squares with names, wrapped to the width. */
export function drawLegend(
  names: readonly string[],
  x: number,
  y: number,
  width: number,
  widthOf: (name: string) => number,
): Drawn {
  const parts: string[] = [];
  let left = x;
  let top = y;
  names.forEach((name, i) => {
    const takes = widthOf(name) + 30;
    if (left + takes > x + width && left > x) {
      left = x;
      top += 20;
    }
    parts.push(rect(left, top + 1, 11, 11, `class="sw-c${i}" rx="2"`), text(left + 17, top + 11, name, 'sw-label'));
    left += takes;
  });
  return { svg: parts.join(''), height: Number(n(top - y + 20)) };
}
