import type { Plan, PlannedShard } from '../plan/plan';
import { changeLines } from './change-text';
import { diagnosticsText } from './diagnostics-text';
import { classesLeftOut, curveRows, curveTitles, onDemandRows, onDemandTitles } from './on-demand-facts';
import {
  boundSentences,
  changeSentence,
  comparison,
  fills,
  headline,
  limitSentences,
  saving,
  statusText,
} from './plan-facts';
import { bar, plain, type Style, styleOf, type TextOptions, wrap } from './style';
import { type Column, table } from './table';
import { budgetLabel, count, percent, perHour, quantity, shareMicro } from './units';

/** The plan for a terminal: pools, budgets, one server a model, bound, changes, warnings. Ends with a line feed. */
export function planText(plan: Plan, options: TextOptions): string {
  const style = styleOf(options);
  const drawing = { ...options, style };
  const lines = [
    ...wrap(`${style.bold(plain(plan.fleet.name))}  ${headline(plan)}`, options.width, '  '),
    ...section('Pools', poolLines(plan, drawing), style),
    ...section('Budgets', budgetLines(plan, drawing), style),
    ...section('On-demand models', onDemandLines(plan, drawing), style),
    ...section('Against one server a model', baselineLines(plan, drawing), style),
    ...section('Proven bound', sentences(boundSentences(plan), options), style),
    ...section('Changes', [...sentences([changeSentence(plan.changes)], options), ...listed(plan, options)], style),
    ...(options.verbose === true ? section('Shards', shardLines(plan.shards, drawing), style) : []),
  ];
  const warnings = plan.warnings.length === 0 ? '' : `\n${diagnosticsText(plan.warnings, options)}`;
  return `${lines.join('\n')}\n${warnings}`;
}

export type Drawing = TextOptions & { readonly style: Style };

export function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines];
}

export function sentences(texts: readonly string[], options: TextOptions): string[] {
  return texts.flatMap((text) => wrap(plain(text), options.width - 2).map((line) => `  ${line}`));
}

function poolLines(plan: Plan, drawing: Drawing): string[] {
  const { style } = drawing;
  return table(
    [
      { title: 'pool', flex: true },
      { title: 'accelerator', optional: 3 },
      { title: 'shards', align: 'right', optional: 4 },
      { title: 'pods', align: 'right' },
      { title: 'nodes', align: 'right' },
      { title: 'cost', align: 'right', optional: 1 },
      { title: 'fill', paint: (cell) => style.cyan(cell) },
      { title: '', optional: 2 },
    ],
    plan.pools.map((pool) => {
      const all = fills(pool);
      const most = all[0]?.micro ?? 0;
      return [
        pool.pool,
        pool.accelerator ?? 'none',
        count(pool.shards),
        count(pool.pods),
        pool.maxNodes === null ? count(pool.nodes) : `${count(pool.nodes)} of ${count(pool.maxNodes)}`,
        perHour(pool.costMicrosPerHour),
        pool.pods === 0 ? '' : bar(most, 12),
        all
          .slice(0, 2)
          .map(({ what, micro }) => `${what} ${percent(micro)}`)
          .join(', '),
      ];
    }),
    drawing,
  );
}

function budgetLines(plan: Plan, drawing: Drawing): string[] {
  const { style } = drawing;
  if (plan.budgets.length === 0) return sentences(['The fleet declares no budget.'], drawing);
  const paint = (cell: string, row: number): string => {
    const budget = plan.budgets[row];
    if (budget === undefined || budget.status === 'ok') return style.green(cell);
    return budget.enforcement === 'hard' ? style.bold(style.red(cell)) : style.yellow(cell);
  };
  return table(
    [
      { title: 'budget', flex: true },
      { title: 'used', align: 'right' },
      { title: 'limit', align: 'right' },
      { title: 'headroom', align: 'right' },
      { title: '', optional: 1, paint },
      { title: 'status', paint },
    ],
    plan.budgets.map((budget) => [
      budgetLabel(budget.budget),
      quantity(budget.used, budget.unit),
      quantity(budget.limit, budget.unit),
      quantity(budget.headroom, budget.unit),
      bar(budget.limit === 0 ? (budget.used > 0 ? 1e6 : 0) : shareMicro(budget.used, budget.limit), 12),
      statusText(budget),
    ]),
    drawing,
  );
}

function baselineLines(plan: Plan, drawing: Drawing): string[] {
  const { style } = drawing;
  const rows = comparison(plan);
  const paintSaving = (cell: string) =>
    cell.endsWith('less') ? style.green(cell) : cell.endsWith('more') ? style.yellow(cell) : cell;
  const lines = table(
    [
      { title: '', flex: true },
      { title: 'this plan', align: 'right' },
      { title: 'one each', align: 'right' },
      { title: '', align: 'right', optional: 1, paint: paintSaving },
    ],
    rows.map((row) => [row.what, quantity(row.ours, row.unit), quantity(row.single, row.unit), saving(row)]),
    drawing,
  );
  const hit = limitSentences(plan);
  if (hit.length === 0) return lines;
  return [...lines, '  One server each would go over:', ...sentences(hit, drawing).map((line) => `  ${line}`)];
}

function onDemandLines(plan: Plan, drawing: Drawing): string[] {
  const all = drawing.verbose === true;
  const rows = onDemandRows(plan, all);
  if (rows.length === 0) return [];
  // The narrower the terminal, the less of the curve.
  const columns = (titles: readonly string[], optional: (i: number) => number | null): Column[] =>
    titles.map((title, i) => {
      const order = optional(i);
      return i === 0
        ? { title, flex: true }
        : { title, align: 'right', ...(order === null ? {} : { optional: order }) };
    });
  const more = classesLeftOut(plan, all);
  return [
    ...table(
      columns(onDemandTitles, (i) => [null, 2, 3, null, 4, null, 1][i] ?? null),
      rows,
      drawing,
    ),
    ...table(
      columns(curveTitles, (i) => (i % 2 === 0 ? i : null)),
      curveRows(plan, all),
      drawing,
    ),
    ...(more === null ? [] : [`  ${more} (--details lists them)`]),
  ];
}

function listed(plan: Plan, options: TextOptions): string[] {
  // On a first plan every model is new: a list of all of them says nothing.
  if (plan.changes.against === 'nothing') return [];
  return changeLines(plan.changes, plan.changes.shardsAdded, plan.changes.shardsRemoved, options);
}

function shardLines(shards: readonly PlannedShard[], drawing: Drawing): string[] {
  return table(
    [
      { title: 'shard' },
      { title: 'pool' },
      { title: 'runtime', flex: true, optional: 1 },
      { title: 'group', flex: true, optional: 3 },
      { title: 'pods', align: 'right' },
      { title: 'models', align: 'right' },
      { title: 'GPU memory', align: 'right', optional: 2 },
      { title: 'GPU time', align: 'right', optional: 4 },
      { title: 'memory', align: 'right', optional: 5 },
    ],
    shards.map((shard) => [
      shard.id,
      shard.pool,
      shard.base === null ? shard.runtime : `${shard.runtime} (${shard.base})`,
      shard.group,
      count(shard.replicas),
      count(shard.models.length),
      fillOf(shard, 'acceleratorMemoryBytes'),
      fillOf(shard, 'microDuty'),
      fillOf(shard, 'memoryBytes'),
    ]),
    drawing,
  );
}

export function fillOf(shard: PlannedShard, dimension: keyof PlannedShard['used']): string {
  const capacity = shard.capacity[dimension];
  return capacity <= 0 ? '' : percent(shareMicro(shard.used[dimension], capacity));
}
