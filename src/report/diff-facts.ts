import type { PlanDiff, ShardChange, TotalChange } from '../plan/plan-diff';
import { countsSentence } from './plan-facts';
import { budgetLabel, bytes, delta, plural, quantity } from './units';

/** One sentence: `3 models added, 1 moved; pods 120 -> 122 of 200 (+2), cost $3.20/h -> $4.40/h (+$1.20/h).` */
export function diffSentence(diff: PlanDiff, arrow = '->'): string {
  if (!diff.changed) return 'Nothing changes.';
  const models = countsSentence(diff.models) ?? 'no model moves';
  const limits = new Map(diff.budgets.map((budget) => [budget.budget as string, budget]));
  const totals = shownTotals(diff)
    .filter((total) => total.before !== total.after && total.total !== 'models')
    .map(({ total, unit, before, after }) => {
      const limit = limits.get(total);
      const of = limit === undefined ? '' : ` of ${quantity(limit.limit, unit)}`;
      return `${budgetLabel(total)} ${quantity(before, unit)} ${arrow} ${quantity(after, unit)}${of} (${delta(after - before, unit)})`;
    });
  return `${[models, ...totals].join(', ')}.`;
}

/** Without those that are 0, and without replica sets where each shard is one, as wherever no model is in several. */
export function shownTotals({ totals }: PlanDiff): readonly TotalChange[] {
  const shards = totals.find(({ total }) => total === 'shards');
  const same = (a: TotalChange) => a.before === shards?.before && a.after === shards.after;
  return totals.filter(
    (total) => (total.before !== 0 || total.after !== 0) && !(total.total === 'replicaSets' && same(total)),
  );
}

/** What of running pods a change touches, in one sentence. */
export function restartSentence(diff: PlanDiff): string {
  const restarted = diff.shards.changed.filter((shard) => shard.restarts).length;
  const gone = diff.shards.removed.length;
  const fetch = diff.moveBytes > 0 ? ` ${bytes(diff.moveBytes)} of model files to fetch.` : '';
  if (restarted + gone === 0) return `No running pod restarts.${fetch}`;
  const parts = [
    ...(restarted > 0 ? [`${plural(restarted, 'shard')} restarted`] : []),
    ...(gone > 0 ? [`${plural(gone, 'shard')} removed`] : []),
  ];
  return `${parts.join(', ')}.${fetch}`;
}

/** `models 10 -> 12, pods 1 -> 2, pool l4 -> a100 (restarts)` */
export function shardChangeText(change: ShardChange, arrow = '->'): string {
  const parts = [
    ['models', change.models],
    ['pods', change.replicas],
    ['pool', change.pool],
  ] as const;
  const said = parts
    .filter(([, { before, after }]) => before !== after)
    .map(([what, { before, after }]) => `${what} ${before} ${arrow} ${after}`);
  const text = said.length === 0 ? 'other models' : said.join(', ');
  return change.restarts ? `${text} (restarts)` : text;
}
