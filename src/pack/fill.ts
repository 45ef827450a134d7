import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, demandArray, dimensionCount, fitsIn } from './class-context';
import { OpenShard } from './open-shard';
import type { PoolLimits } from './pool-limits';
import { maxReplicas, replicasNeeded } from './replicas';

interface Item {
  readonly model: Model;
  /** Copies it needs: declared, or more where its load fits no fewer. */
  readonly replicas: number;
  readonly size: number;
}

/** Puts each model into the shard where it leaves least room over; gives those that fit none. */
export function fillGaps(context: ClassContext, models: readonly Model[], shards: readonly OpenShard[]): Model[] {
  const left: Model[] = [];
  for (const { model } of sortedItems(context, models, context.pools[0] as Pool)) {
    const chosen = tightest(context, shards, model);
    if (chosen === null) left.push(model);
    else chosen.add(model);
  }
  return left;
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

function capacityOf(context: ClassContext, pool: Pool): number[] {
  const capacity = context.capacity.get(pool.name);
  if (capacity === undefined) throw new TypeError(`pool ${pool.name} is not in class ${context.sharing.key}`);
  return capacity;
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
