import type { BaselineLimit, BudgetUsage, Changes, Move, Plan, PoolUsage } from '../plan/plan';
import type { ModelChanges } from './change-text';
import { budgetLabel, bytes, count, percent, perHour, plural, quantity, shareMicro } from './units';

/** What every form of the report says, once: text, Markdown, HTML and SVG only differ in how they show it. */

export interface ComparisonRow {
  readonly what: string;
  readonly unit: BudgetUsage['unit'];
  readonly ours: number;
  readonly single: number;
}

/** Ours beside one server a model. */
export function comparison(plan: Plan): readonly ComparisonRow[] {
  const { summary, baseline } = plan;
  const kinds = [...new Set([...Object.keys(baseline.gpus), ...Object.keys(summary.gpus)])].sort();
  const rows: ComparisonRow[] = [
    { what: 'servers', unit: 'count', ours: summary.shards, single: baseline.servers },
    { what: 'pods', unit: 'count', ours: summary.pods, single: baseline.pods },
    { what: 'IP addresses', unit: 'count', ours: summary.ips, single: baseline.ips },
    { what: 'nodes', unit: 'count', ours: summary.nodes, single: baseline.nodes },
    ...kinds.map((kind) => ({
      what: `${kind} GPUs`,
      unit: 'count' as const,
      ours: summary.gpus[kind] ?? 0,
      single: baseline.gpus[kind] ?? 0,
    })),
    { what: 'CPU requested', unit: 'millicores', ours: summary.cpuMillis, single: baseline.cpuMillis },
    { what: 'memory requested', unit: 'bytes', ours: summary.memoryBytes, single: baseline.memoryBytes },
    {
      what: 'CPU of sidecars, routers',
      unit: 'millicores',
      ours: summary.overheadCpuMillis,
      single: baseline.overheadCpuMillis,
    },
    {
      what: 'memory of sidecars, routers',
      unit: 'bytes',
      ours: summary.overheadMemoryBytes,
      single: baseline.overheadMemoryBytes,
    },
    { what: 'cost', unit: 'microdollars', ours: summary.costMicrosPerHour, single: baseline.costMicrosPerHour },
  ];
  return rows.filter((row) => row.ours !== 0 || row.single !== 0);
}

/** `97% less`, `12x`: how ours stands to one server a model. */
export function saving(row: ComparisonRow): string {
  if (row.single === row.ours) return 'same';
  if (row.ours > row.single)
    return row.single === 0 ? 'more' : `${percent(shareMicro(row.ours, row.single) - 1e6)} more`;
  return `${percent(1e6 - shareMicro(row.ours, row.single))} less`;
}

export function headline(plan: Plan): string {
  const { summary } = plan;
  const gpus = Object.entries(summary.gpus)
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => `${count(number)} ${kind}`);
  return [
    `${plural(summary.models, 'model')} on ${shardsText(plan)}`,
    plural(summary.pods, 'pod'),
    plural(summary.nodes, 'node'),
    ...gpus,
    ...(summary.costMicrosPerHour > 0 ? [perHour(summary.costMicrosPerHour)] : []),
  ].join(', ');
}

/** `12 shards`; where models have their copies in several: `12 shards of one pod in 5 replica sets`. */
function shardsText({ summary, shards }: Plan): string {
  const all = plural(summary.shards, 'shard');
  const spread = shards.reduce((sum, shard) => sum + shard.models.length, 0) > summary.models;
  if (!spread) return all;
  const single = summary.shardPods === summary.shards ? ' of one pod' : '';
  return `${all}${single} in ${plural(summary.replicaSets, 'replica set')}`;
}

/** What one server a model would have hit: a sentence a limit, the tightest first. */
export function limitSentences(plan: Plan): readonly string[] {
  const units = new Map(plan.budgets.map((budget) => [budget.budget, budget.unit]));
  const say = ({ budget, used, limit, modelsThatFit }: BaselineLimit) => {
    const unit = units.get(budget) ?? unitOf(budget);
    return `${budgetLabel(budget)}: ${quantity(used, unit)} of ${quantity(limit, unit)}; ${count(modelsThatFit)} of ${plural(plan.summary.models, 'model')} would fit.`;
  };
  return plan.baseline.limitsHit.map(say);
}

function unitOf(budget: string): BudgetUsage['unit'] {
  if (budget === 'cpu') return 'millicores';
  if (budget === 'memory' || budget === 'moveBytes') return 'bytes';
  return budget === 'costPerHour' ? 'microdollars' : 'count';
}

/** The proven bound and how far the plan is above it, in words. */
export function boundSentences(plan: Plan): readonly string[] {
  const { bound, summary } = plan;
  const { certificate } = bound;
  const pods =
    bound.podsGapMicro <= 0
      ? `No packing has fewer than ${plural(certificate.pods, 'shard pod')}: this one has exactly that.`
      : `No packing has fewer than ${plural(certificate.pods, 'shard pod')}: this one has ${count(summary.shardPods)}, so at most ${percent(bound.podsGapMicro)} above the best.`;
  if (certificate.podCostMicrosPerHour === 0) return [pods];
  const cost =
    bound.costGapMicro <= 0
      ? `None costs less than ${perHour(certificate.podCostMicrosPerHour)} of pods: this one costs exactly that.`
      : `None costs less than ${perHour(certificate.podCostMicrosPerHour)} of pods: this one costs ${perHour(summary.podCostMicrosPerHour)}, at most ${percent(bound.costGapMicro)} above the best.`;
  return [pods, cost];
}

/** `3 models added, 1 moved` against the lockfile. */
export function changeSentence(changes: Changes): string {
  if (changes.against === 'nothing') return `First plan: all ${plural(changes.added.length, 'model')} are new.`;
  const said = countsSentence(changes);
  if (said === null) {
    const shards = changes.shardsAdded.length + changes.shardsRemoved.length;
    return shards === 0 ? 'Nothing changes against the lockfile.' : `Only shards change: ${count(shards)}.`;
  }
  const fetch = changes.moveBytes > 0 ? `; ${bytes(changes.moveBytes)} of model files to fetch` : '';
  return `Against the lockfile: ${said}${fetch}.`;
}

export function hasChanges(changes: Changes): boolean {
  const lists = [changes.added, changes.removed, changes.moved, changes.copies, changes.resized];
  return [...lists, changes.shardsAdded, changes.shardsRemoved].some((list) => list.length > 0);
}

/** `3 models added, 1 moved, 2 in more shards`, or null where nothing of models changes. */
export function countsSentence({ added, removed, moved, copies, resized }: ModelChanges): string | null {
  const more = copies.filter(({ before, after }) => after > before).length;
  const parts = [
    [added.length, 'added'],
    [removed.length, 'removed'],
    [countModels(moved), copiesMoved(moved)],
    [more, 'in more shards'],
    [copies.length - more, 'in fewer shards'],
    [resized.length, 'resized'],
  ] as const;
  const said = parts.filter(([number]) => number > 0);
  if (said.length === 0) return null;
  return said.map(([number, what], i) => `${i === 0 ? plural(number, 'model') : count(number)} ${what}`).join(', ');
}

/** Each copy that moves is a move of its own. */
export function countModels(moved: readonly Move[]): number {
  return new Set(moved.map(({ model }) => model)).size;
}

function copiesMoved(moved: readonly Move[]): string {
  return countModels(moved) === moved.length ? 'moved' : `moved (${count(moved.length)} copies)`;
}

const reasons: Readonly<Record<Move['reason'], string>> = {
  repack: 'repacked on request',
  'no-longer-fits': 'no longer fits where it was',
  'shard-gone': 'its shard is gone',
  'class-changed': 'may no longer share with the others there',
  unlocked: 'freed by --update',
};

export function reasonText(reason: Move['reason']): string {
  return reasons[reason] ?? reason;
}

/** How full a pool's pods are in the dimensions that matter to it, the fullest first. */
export function fills(pool: PoolUsage): readonly { readonly what: string; readonly micro: number }[] {
  const fill = pool.fillMicro;
  const all = [
    { what: 'GPU memory', micro: pool.accelerator === null ? 0 : fill.acceleratorMemoryBytes },
    { what: 'GPU time', micro: pool.accelerator === null ? 0 : fill.microDuty },
    { what: 'memory', micro: fill.memoryBytes },
    { what: 'CPU', micro: fill.cpuMillis },
    { what: 'disk', micro: fill.diskBytes },
    { what: 'model count', micro: fill.models },
  ];
  return all.filter(({ micro }) => micro > 0).sort((a, b) => b.micro - a.micro);
}

/** `ok`, `OVER (hard)`, `over (warning)` */
export function statusText(budget: Pick<BudgetUsage, 'status' | 'enforcement'>): string {
  if (budget.status === 'ok') return 'ok';
  return budget.enforcement === 'hard' ? 'OVER' : 'over (warning)';
}
