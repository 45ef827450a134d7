import { type CapacityVector, dimensions, modelDemand, podCapacity } from '../../declare/capacity';
import type { Fleet, Model, Pool } from '../../declare/fleet';
import { brokenBudgets } from '../make-plan';
import type { BudgetName, Plan } from '../plan';
import { relaxedFleet } from './apply-relaxation';
import { type Attempt, mayWeigh } from './attempt';
import type { Relaxation } from './conflict';
import { hardBudgets, steersPacking } from './limited';
import type { Prober } from './prober';

/** What is known of a fleet that does not fit. */
export interface Misfit {
  readonly fleet: Fleet;
  readonly plan: Plan;
  /** Those of the conflict. */
  readonly budgets: readonly BudgetName[];
  /** All that take of any broken budget, those that take most first. */
  readonly models: readonly Model[];
}

export interface Relaxations {
  readonly found: readonly Relaxation[];
  /** False where the work was spent before all kinds were tried. */
  readonly all: boolean;
}

const mostPools = 3;

/** Changes of one kind each under which the whole fleet fits; those that serve all first, of these the cheapest. */
export function relaxations(misfit: Misfit, prober: Prober): Relaxations {
  const serving: Relaxation[] = [];
  const reducing: Relaxation[] = [];
  let all = true;
  const take = (into: Relaxation[], found: Relaxation | null | 'spent'): void => {
    if (found === 'spent') all = false;
    else if (found !== null) into.push(found);
  };
  for (const budget of misfit.budgets) take(serving, raised(misfit, prober, budget));
  if (serving.length === 0) take(serving, raisedTogether(misfit, prober));
  take(serving, repacked(prober));
  for (const pool of poolsToAllow(misfit)) take(serving, allowed(misfit, prober, pool));
  take(reducing, fewerReplicas(misfit, prober));
  take(reducing, dropped(misfit, prober));
  const byCost = (a: Relaxation, b: Relaxation) => a.costMicrosPerHour - b.costMicrosPerHour;
  return { found: [...serving.sort(byCost), ...reducing.sort(byCost)], all };
}

type Found = Relaxation | null | 'spent';

/** One budget as little higher as the packer manages. */
function raised({ fleet, plan }: Misfit, prober: Prober, budget: BudgetName): Found {
  const stated = plan.budgets.find((usage) => usage.budget === budget);
  if (stated === undefined) return null;
  const others = new Set(hardBudgets(fleet).filter((name) => name !== budget));
  const free = prober.within(others, fleet.models);
  if (free === null) return 'spent';
  if (!free.fits) return null;
  const limited = (to: number) =>
    prober.raised(relaxedFleet(fleet, { kind: 'raise', budgets: [{ budget, to }] }), [budget]);
  let to = usedOf(budget, free);
  let best: Attempt = free;
  if (steersPacking(budget)) {
    const same = limited(to);
    if (same === null) return 'spent';
    if (!same.fits) return null;
    best = same;
  }
  // Without the limit the packer takes as much as is cheap: the least is looked for.
  let low = stated.limit;
  const steps = steersPacking(budget) ? 8 : mayWeigh(fleet, [budget]) ? 2 : 0;
  for (let step = 0; step < steps && to - low > 1; step++) {
    const middle = Math.floor((low + to) / 2);
    const tried = limited(middle);
    if (tried === null) break;
    if (tried.fits) {
      to = steersPacking(budget) ? middle : Math.min(middle, usedOf(budget, tried));
      best = tried;
    } else low = middle;
  }
  return {
    kind: 'raise',
    budgets: [{ budget, unit: stated.unit, from: stated.limit, to }],
    costMicrosPerHour: best.plan.summary.costMicrosPerHour,
  };
}

/** All that the plan breaks, to what it uses: fits as it stands. */
function raisedTogether({ fleet, plan }: Misfit, prober: Prober): Found {
  const broken = brokenBudgets(plan);
  const budgets = broken.map(({ budget, unit, limit, used }) => ({ budget, unit, from: limit, to: used }));
  if (budgets.length < 2 && !budgets.some(({ budget }) => steersPacking(budget))) return null;
  const names = budgets.map(({ budget }) => budget);
  const tried = prober.raised(relaxedFleet(fleet, { kind: 'raise', budgets }), names);
  if (tried === null) return 'spent';
  if (!tried.fits) return null;
  return { kind: 'raise', budgets, costMicrosPerHour: tried.plan.summary.costMicrosPerHour };
}

function usedOf(budget: BudgetName, { plan }: Attempt): number {
  const { summary } = plan;
  if (budget === 'pods') return summary.pods;
  if (budget === 'ips') return summary.ips;
  if (budget === 'nodes') return summary.nodes;
  if (budget === 'cpu') return summary.cpuMillis;
  if (budget === 'memory') return summary.memoryBytes;
  if (budget === 'costPerHour') return summary.costMicrosPerHour;
  if (budget === 'replicaSets') return summary.replicaSets;
  if (budget === 'moves') return plan.changes.moved.length;
  if (budget === 'moveBytes') return plan.changes.moveBytes;
  if (budget === 'modelsPerShard') return Math.max(0, ...plan.shards.map(({ models }) => models.length));
  if (budget.startsWith('gpus.')) return summary.gpus[budget.slice('gpus.'.length)] ?? 0;
  return plan.pools.find(({ pool }) => budget === `pool.${pool}.nodes`)?.nodes ?? 0;
}

/** Locked models keep a fleet from fitting that would fit if they moved. */
function repacked(prober: Prober): Found {
  const { fleet, prior, mode } = prober.request;
  if (prior === undefined || mode === 'repack') return null;
  const tried = prober.fleet(fleet, { mode: 'repack' });
  if (tried === null) return 'spent';
  if (!tried.fits) return null;
  return {
    kind: 'repack',
    moves: tried.plan.changes.moved.length,
    costMicrosPerHour: tried.plan.summary.costMicrosPerHour,
  };
}

function allowed({ fleet, models }: Misfit, prober: Prober, pool: Pool): Found {
  const keys = models.filter((model) => couldUse(fleet, model, pool)).map(({ key }) => key);
  const change = { kind: 'allow-pool', pool: pool.name, models: keys } as const;
  const tried = prober.fleet(relaxedFleet(fleet, change));
  if (tried === null) return 'spent';
  return tried.fits ? { ...change, costMicrosPerHour: tried.plan.summary.costMicrosPerHour } : null;
}

/** Cheapest first. */
function poolsToAllow({ fleet, models }: Misfit): readonly Pool[] {
  return fleet.pools
    .filter((pool) => models.some((model) => couldUse(fleet, model, pool)))
    .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour)
    .slice(0, mostPools);
}

/** Does another pool's empty pod hold the model, and would a declaration that lists it be taken? */
function couldUse(fleet: Fleet, model: Model, pool: Pool): boolean {
  const runtime = fleet.runtimes.find(({ name }) => name === model.runtime);
  if (runtime === undefined || model.pools.includes(pool.name)) return false;
  const onAccelerators = model.pools.some((name) => fleet.pools.find((own) => own.name === name)?.accelerator !== null);
  if ((pool.accelerator !== null) !== onAccelerators) return false;
  if (pool.zones.length > 0 && !model.zones.every((zone) => pool.zones.includes(zone))) return false;
  const base = runtime.baseModels.find(({ name }) => name === model.base) ?? null;
  const modelsPerShard = fleet.budgets.modelsPerShard?.limit ?? null;
  const context = { packing: fleet.packing, mesh: fleet.mesh, modelsPerShard };
  const room: CapacityVector = podCapacity(context, pool, runtime, base);
  const demand = modelDemand(model, pool, runtime, Math.max(1, model.replicas));
  return dimensions.every((dimension) => demand[dimension] <= room[dimension]);
}

/** As many as can be kept. */
function fewerReplicas({ fleet, models }: Misfit, prober: Prober): Found {
  const most = Math.max(1, ...models.map(({ replicas }) => replicas));
  let best: Found = null;
  let low = 1;
  let high = most - 1;
  while (low <= high) {
    const replicas: number = best === null ? low : Math.ceil((low + high) / 2);
    const keys = models.filter((model) => model.replicas > replicas).map(({ key }) => key);
    const change = { kind: 'fewer-replicas' as const, replicas, models: keys };
    const tried: Attempt | null = prober.fleet(relaxedFleet(fleet, change));
    if (tried === null) return best ?? 'spent';
    if (tried.fits) {
      best = { ...change, costMicrosPerHour: tried.plan.summary.costMicrosPerHour };
      low = replicas + 1;
    } else if (best === null) return null;
    else high = replicas - 1;
  }
  return best;
}

/** The fewest models, of those that take most. */
function dropped({ fleet, models }: Misfit, prober: Prober): Found {
  const keys = models.map(({ key }) => key);
  const without = (count: number) =>
    prober.fleet(relaxedFleet(fleet, { kind: 'drop-models', models: keys.slice(0, count) }));
  let low = 0;
  let high = 1;
  let best: { readonly count: number; readonly attempt: Attempt } | null = null;
  for (;;) {
    const count = Math.min(high, keys.length);
    if (count === 0) return null;
    const tried = without(count);
    if (tried === null) return 'spent';
    if (tried.fits) {
      best = { count, attempt: tried };
      break;
    }
    if (count === keys.length) return null;
    low = count;
    high *= 2;
  }
  while (best.count - low > 1) {
    const middle: number = (best.count + low) >> 1;
    const tried: Attempt | null = without(middle);
    if (tried === null) break;
    if (tried.fits) best = { count: middle, attempt: tried };
    else low = middle;
  }
  return {
    kind: 'drop-models',
    models: keys.slice(0, best.count),
    costMicrosPerHour: best.attempt.plan.summary.costMicrosPerHour,
  };
}
