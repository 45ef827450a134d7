import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, demandArray, dimensionCount, fitsIn } from './class-context';
import { OpenShard } from './open-shard';
import type { PoolLimits } from './pool-limits';

export const maxReplicas = 64;

interface Item {
  readonly model: Model;
  /** Copies it needs: declared, or more where its load fits no fewer. */
  readonly replicas: number;
  readonly size: number;
}

/**
 * Places `models` into `shards` (existing ones, filled in place) and new ones on `main` pool, overflowing to the other
 * pools in order of price. Best fit in decreasing order over the capacity vector, shards of many replicas first, so that
 * models of fewer replicas fill their gaps (upward mixing).
 * Source: Panigrahy, Talwar, Uyeda, Wieder, "Heuristics for Vector Bin Packing" (2011), on vector best fit.
 */
export function bestFitDecreasing(
  context: ClassContext,
  models: readonly Model[],
  shards: OpenShard[],
  main: Pool,
  limits: PoolLimits,
): void {
  const items = sortedItems(context, models, main);
  const least = leastDemands(context, items, main);
  let active = shards.filter((shard) => stillUseful(shard, least[0]));
  items.forEach(({ model, replicas }, index) => {
    const chosen = tightest(context, active, model);
    if (chosen === null) {
      const shard = open(context, model, replicas, main, limits);
      shards.push(shard);
      active.push(shard);
    } else chosen.add(model);
    // Shards too full for any later model leave the scan: it stays short.
    if ((index & 63) === 63) active = active.filter((shard) => stillUseful(shard, least[index + 1]));
  });
}

/**
 * The same models spread evenly over a fixed number of new shards a replica level, the smallest number that holds them
 * (bisected). Where a cap on models a pod binds, decreasing order piles tiny models up; this does not.
 */
export function evenSpread(
  context: ClassContext,
  models: readonly Model[],
  main: Pool,
  limits: PoolLimits,
  atMost: number,
): OpenShard[] | null {
  const items = sortedItems(context, models, main);
  const levels = [...new Set(items.map((item) => item.replicas))].sort((a, b) => b - a);
  let shards: OpenShard[] = [];
  for (const level of levels) {
    const own = items.filter((item) => item.replicas === level);
    const spread = fewestShards(leastShards(context, own, shards, level, main), atMost, (count) =>
      spreadLevel(context, own, shards, count, level, main),
    );
    if (spread === null) return null;
    shards = spread;
  }
  shards = shards.filter((shard) => shard.models.length > 0);
  for (const shard of shards) {
    if (!limits.allows(main, context.owner, shard.replicas)) return null;
    limits.add(main, context.owner, shard.replicas);
  }
  return shards;
}

/** The result for the smallest count in [low, high] that has one: steps up that double, then halves the last step. */
function fewestShards<T>(low: number, high: number, attempt: (count: number) => T | null): T | null {
  let failed = low - 1;
  let best: T | null = null;
  let found = high + 1;
  for (let count = low, step = 1; best === null && failed < high; count = Math.min(high, count + step), step *= 2) {
    best = attempt(count);
    if (best === null) failed = count;
    else found = count;
  }
  while (best !== null && found - failed > 1) {
    const middle = (failed + found) >> 1;
    const tried = attempt(middle);
    if (tried === null) failed = middle;
    else {
      best = tried;
      found = middle;
    }
  }
  return best;
}

/** What the level's volume needs beyond the room that `existing` has: no fewer shards can do. */
function leastShards(
  context: ClassContext,
  items: readonly Item[],
  existing: readonly OpenShard[],
  replicas: number,
  main: Pool,
): number {
  const capacity = capacityOf(context, main);
  const most = existing.reduce((least, shard) => Math.max(least, shard.replicas), replicas);
  const total: number[] = new Array<number>(dimensionCount).fill(0);
  for (const { model } of items) {
    const demand = demandArray(model, main, context.runtime, most);
    for (let d = 0; d < dimensionCount; d++) total[d] = (total[d] as number) + (demand[d] as number);
  }
  let least = 0;
  for (let d = 0; d < dimensionCount; d++) {
    const room = existing.reduce((sum, shard) => sum + (shard.free[d] as number), 0);
    // A hair below, as sums of doubles may be a hair above.
    if ((capacity[d] as number) > 0)
      least = Math.max(least, Math.ceil(((total[d] as number) - room) / (capacity[d] as number) - 1e-9));
  }
  return least;
}

function spreadLevel(
  context: ClassContext,
  items: readonly Item[],
  existing: readonly OpenShard[],
  count: number,
  replicas: number,
  main: Pool,
): OpenShard[] | null {
  const shards = existing.map((shard) => copyOf(context, shard));
  for (let i = 0; i < count; i++)
    shards.push(new OpenShard(null, main, replicas, capacityOf(context, main), context.runtime));
  const capacity = capacityOf(context, main);
  for (const { model } of items) {
    let best: OpenShard | null = null;
    let bestRoom = -1;
    let demand: number[] = [];
    let demandReplicas = 0;
    for (const shard of shards) {
      if (shard.replicas !== demandReplicas) {
        demand = demandArray(model, main, context.runtime, shard.replicas);
        demandReplicas = shard.replicas;
      }
      if (!fitsIn(demand, shard.free) || (context.hasConflicts && !shard.welcomes(model))) continue;
      let room = Number.POSITIVE_INFINITY;
      for (let d = 0; d < dimensionCount - 1; d++) {
        const total = capacity[d] as number;
        if (total > 0) room = Math.min(room, ((shard.free[d] as number) - (demand[d] as number)) / total);
      }
      if (room > bestRoom) {
        best = shard;
        bestRoom = room;
      }
    }
    if (best === null) return null;
    best.add(model);
  }
  return shards;
}

function copyOf(context: ClassContext, shard: OpenShard): OpenShard {
  const copy = new OpenShard(shard.id, shard.pool, shard.replicas, capacityOf(context, shard.pool), context.runtime);
  for (const model of shard.models) copy.add(model);
  return copy;
}

function capacityOf(context: ClassContext, pool: Pool): number[] {
  const capacity = context.capacity.get(pool.name);
  if (capacity === undefined) throw new TypeError(`pool ${pool.name} is not in class ${context.sharing.key}`);
  return capacity;
}

/** Fewest copies, at least the declared ones, at which one copy's share of the load fits an empty pod; 0: none. */
export function replicasNeeded(context: ClassContext, model: Model, pool: Pool): number {
  const capacity = capacityOf(context, pool);
  for (let replicas = model.replicas; replicas <= maxReplicas; replicas++) {
    if (fitsIn(demandArray(model, pool, context.runtime, replicas), capacity)) return replicas;
  }
  return 0;
}

function sortedItems(context: ClassContext, models: readonly Model[], main: Pool): Item[] {
  const capacity = capacityOf(context, main);
  const items = models.map((model): Item => {
    const replicas = replicasNeeded(context, model, main) || model.replicas;
    const demand = demandArray(model, main, context.runtime, replicas);
    let size = 0;
    for (let d = 0; d < dimensionCount - 1; d++)
      if ((capacity[d] as number) > 0) size = Math.max(size, (demand[d] as number) / (capacity[d] as number));
    return { model, replicas, size };
  });
  return items.sort((a, b) => b.replicas - a.replicas || b.size - a.size || (a.model.key < b.model.key ? -1 : 1));
}

/** For each position, the least demand of it and all later items in each dimension: `least[i]`. */
function leastDemands(context: ClassContext, items: readonly Item[], main: Pool): number[][] {
  const least: number[][] = new Array(items.length + 1);
  let running = new Array<number>(dimensionCount).fill(Number.POSITIVE_INFINITY);
  least[items.length] = running;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as Item;
    // The most replicas give the least load: a demand that no shard undercuts.
    const demand = demandArray(item.model, main, context.runtime, maxReplicas);
    demand[1] = 0;
    demand[3] = 0;
    if (demand.some((value, d) => value < (running[d] as number)))
      running = running.map((value, d) => Math.min(value, demand[d] as number));
    least[i] = running;
  }
  return least;
}

function stillUseful(shard: OpenShard, least: number[] | undefined): boolean {
  if (least === undefined) return false;
  // Accelerator memory is 0 on CPU pools for the same model: skip the dimension there.
  for (let d = shard.pool.accelerator === null ? 1 : 0; d < dimensionCount; d++)
    if ((least[d] as number) > (shard.free[d] as number)) return false;
  return true;
}

function tightest(context: ClassContext, shards: readonly OpenShard[], model: Model): OpenShard | null {
  let best: OpenShard | null = null;
  let bestRoom = Number.POSITIVE_INFINITY;
  const demands = new Map<string, number[]>();
  let lastPool: Pool | null = null;
  let lastReplicas = 0;
  let demand: number[] = [];
  let capacity: number[] = demand;
  for (const shard of shards) {
    if (shard.replicas < model.replicas) continue;
    if (shard.pool !== lastPool || shard.replicas !== lastReplicas) {
      const key = `${shard.pool.name}/${shard.replicas}`;
      let known = demands.get(key);
      if (known === undefined) {
        known = demandArray(model, shard.pool, context.runtime, shard.replicas);
        demands.set(key, known);
      }
      demand = known;
      capacity = capacityOf(context, shard.pool);
      lastPool = shard.pool;
      lastReplicas = shard.replicas;
    }
    if (!fitsIn(demand, shard.free)) continue;
    let room = 0;
    for (let d = 0; d < dimensionCount - 1; d++) {
      const total = capacity[d] as number;
      if (total > 0) room += ((shard.free[d] as number) - (demand[d] as number)) / total;
    }
    if (room < bestRoom && (!context.hasConflicts || shard.welcomes(model))) {
      best = shard;
      bestRoom = room;
    }
  }
  return best;
}

/** A new shard for one model: on the main pool, else the cheapest that has nodes left; over the limits when none has. */
function open(context: ClassContext, model: Model, replicas: number, main: Pool, limits: PoolLimits): OpenShard {
  const order = [main, ...context.pools.filter((pool) => pool !== main)];
  for (const pool of order) {
    const needed = pool === main ? replicas : replicasNeeded(context, model, pool);
    if (needed > 0 && limits.allows(pool, context.owner, needed)) return opened(context, model, needed, pool, limits);
  }
  // The plan shows which budget breaks and by how much: more useful than no plan.
  return opened(context, model, replicas, main, limits);
}

function opened(context: ClassContext, model: Model, replicas: number, pool: Pool, limits: PoolLimits): OpenShard {
  const shard = new OpenShard(null, pool, replicas, capacityOf(context, pool), context.runtime);
  shard.add(model);
  limits.add(pool, context.owner, replicas);
  return shard;
}
