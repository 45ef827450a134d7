import type { PlanDiff } from '../plan/plan-diff';
import { changeLines } from './change-text';
import { diffSentence, restartSentence, shardChangeText, shownTotals } from './diff-facts';
import { statusText } from './plan-facts';
import { type Drawing, section, sentences } from './plan-text';
import { clip, plain, styleOf, type TextOptions } from './style';
import { table } from './table';
import { budgetLabel, count, delta, quantity } from './units';

/** How a plan differs from an earlier one, for a terminal. Ends with a line feed. */
export function diffText(diff: PlanDiff, options: TextOptions): string {
  const style = styleOf(options);
  const drawing: Drawing = { ...options, style };
  const lines = [
    style.bold(plain(diff.fleet.name)),
    ...sentences(diff.changed ? [diffSentence(diff), restartSentence(diff)] : [diffSentence(diff)], options),
  ];
  if (diff.changed) {
    lines.push(
      ...section('Totals', totals(diff, drawing), style),
      ...section('Budgets', budgets(diff, drawing), style),
      ...section('Models', changeLines(diff.models, diff.shards.added, diff.shards.removed, options), style),
      ...section('Shards that change', shards(diff, options), style),
    );
  }
  return `${lines.join('\n')}\n`;
}

function totals(diff: PlanDiff, drawing: Drawing): string[] {
  const { style } = drawing;
  const rows = shownTotals(diff);
  return table(
    [
      { title: '', flex: true },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
      { title: 'change', align: 'right', paint: (cell) => (cell.trim() === '0' ? style.dim(cell) : style.bold(cell)) },
    ],
    rows.map(({ total, unit, before, after }) => [
      budgetLabel(total),
      quantity(before, unit),
      quantity(after, unit),
      delta(after - before, unit),
    ]),
    drawing,
  );
}

function budgets(diff: PlanDiff, drawing: Drawing): string[] {
  const { style } = drawing;
  if (diff.budgets.length === 0) return [];
  const paint = (cell: string, row: number) => {
    const budget = diff.budgets[row];
    if (budget === undefined || budget.status === 'ok') return style.green(cell);
    return budget.enforcement === 'hard' ? style.bold(style.red(cell)) : style.yellow(cell);
  };
  return table(
    [
      { title: 'budget', flex: true },
      { title: 'before', align: 'right', optional: 1 },
      { title: 'after', align: 'right' },
      { title: 'limit', align: 'right' },
      { title: 'headroom', align: 'right', optional: 2 },
      { title: 'status', paint },
    ],
    diff.budgets.map((budget) => [
      budgetLabel(budget.budget),
      budget.before === null ? '-' : quantity(budget.before, budget.unit),
      quantity(budget.after, budget.unit),
      quantity(budget.limit, budget.unit),
      quantity(budget.headroom, budget.unit),
      statusText(budget),
    ]),
    drawing,
  );
}

function shards(diff: PlanDiff, options: TextOptions): string[] {
  const list = diff.shards.changed;
  const shown = options.verbose === true ? list : list.slice(0, 10);
  const rest = list.length - shown.length;
  return [
    ...shown.map((change) => clip(plain(`  ~ ${change.shard}  ${shardChangeText(change)}`), options.width)),
    ...(rest > 0 ? [`    and ${count(rest)} more (--details lists them)`] : []),
  ];
}
