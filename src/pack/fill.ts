import type { Pool } from '../declare/fleet';
import { type ClassContext, dimensionCount, fitsIn } from './class-context';
import { OpenShard } from './open-shard';
import { type Piece, pieceDemand } from './pieces';
import type { PoolLimits } from './pool-limits';
import { maxReplicas, replicasNeeded } from './replicas';

interface Item {
  readonly piece: Piece;
  /** Replicas that a shard of its own would have: more than declared where its load fits no fewer. */
  readonly replicas: number;
  readonly size: number;
}

/** Puts each piece into the shard where it leaves least room over; gives those that fit none. */
export function fillGaps(context: ClassContext, pieces: readonly Piece[], shards: readonly OpenShard[]): Piece[] {
  const left: Piece[] = [];
  for (const { piece } of sortedItems(context, pieces, context.pools[0] as Pool)) {
    const chosen = tightest(context, shards, piece);
    if (chosen === null) left.push(piece);
    else chosen.add(piece);
  }
  return left.sort((a, b) => (a.model.key < b.model.key ? -1 : a.model.key > b.model.key ? 1 : 0));
}

/**
 * Places `pieces` into `shards` (existing ones, filled in place) and new ones on `main` pool, overflowing to the other
 * pools in order of price. Best fit in decreasing order over the capacity vector, shards of many replicas first, so that
 * models of fewer replicas fill their gaps (upward mixing).
 * Source: Panigrahy, Talwar, Uyeda, Wieder, "Heuristics for Vector Bin Packing" (2011), on vector best fit.
 */
export function bestFitDecreasing(
  context: ClassContext,
  pieces: readonly Piece[],
  shards: OpenShard[],
  main: Pool,
  limits: PoolLimits,
): void {
  const items = sortedItems(context, pieces, main);
  const least = leastDemands(context, items, main);
  let active = shards.filter((shard) => stillUseful(shard, least[0]));
  items.forEach(({ piece, replicas }, index) => {
    const chosen = tightest(context, active, piece);
    if (chosen === null) {
      const shard = open(context, piece, replicas, main, limits);
      shards.push(shard);
      active.push(shard);
    } else chosen.add(piece);
    // Shards too full for any later model leave the scan: it stays short.
    if ((index & 63) === 63) active = active.filter((shard) => stillUseful(shard, least[index + 1]));
  });
}

function capacityOf(context: ClassContext, pool: Pool): number[] {
  const capacity = context.capacity.get(pool.name);
  if (capacity === undefined) throw new TypeError(`pool ${pool.name} is not in class ${context.sharing.key}`);
  return capacity;
}

function sortedItems(context: ClassContext, pieces: readonly Piece[], main: Pool): Item[] {
  const capacity = capacityOf(context, main);
  const items = pieces.map((piece): Item => {
    const replicas = needed(context, piece, main) || (piece.copies === 0 ? piece.model.replicas : 1);
    const demand = pieceDemand(context, piece, main, replicas);
    let size = 0;
    for (let d = 0; d < dimensionCount - 1; d++)
      if ((capacity[d] as number) > 0) size = Math.max(size, (demand[d] as number) / (capacity[d] as number));
    return { piece, replicas, size };
  });
  const keyOf = ({ piece }: Item) => piece.model.key;
  return items.sort(
    (a, b) => b.replicas - a.replicas || b.size - a.size || (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0),
  );
}

/** Fewest replicas of a shard on the pool that could hold the piece; 0: none could. */
function needed(context: ClassContext, piece: Piece, pool: Pool): number {
  if (piece.copies === 0) return replicasNeeded(context, piece.model, pool);
  return fitsIn(pieceDemand(context, piece, pool, 1), capacityOf(context, pool)) ? 1 : 0;
}

/** For each position, the least demand of it and all later items in each dimension: `least[i]`. */
function leastDemands(context: ClassContext, items: readonly Item[], main: Pool): number[][] {
  const least: number[][] = new Array(items.length + 1);
  let running = new Array<number>(dimensionCount).fill(Number.POSITIVE_INFINITY);
  least[items.length] = running;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as Item;
    // The most replicas give the least load: a demand that no shard undercuts.
    const demand = pieceDemand(context, item.piece, main, maxReplicas);
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

function tightest(context: ClassContext, shards: readonly OpenShard[], piece: Piece): OpenShard | null {
  let best: OpenShard | null = null;
  let bestRoom = Number.POSITIVE_INFINITY;
  const demands = new Map<string, number[]>();
  let lastPool: Pool | null = null;
  let lastReplicas = 0;
  let demand: number[] = [];
  let capacity: number[] = demand;
  const spread = piece.copies > 1;
  for (const shard of shards) {
    if (piece.copies === 0 ? shard.replicas < piece.model.replicas : shard.replicas > 1) continue;
    if (shard.pool !== lastPool || shard.replicas !== lastReplicas) {
      const key = `${shard.pool.name}/${shard.replicas}`;
      let known = demands.get(key);
      if (known === undefined) {
        known = pieceDemand(context, piece, shard.pool, shard.replicas);
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
    if (room < bestRoom && (!(spread || context.hasConflicts) || shard.welcomes(piece.model))) {
      best = shard;
      bestRoom = room;
    }
  }
  return best;
}

/** A new shard for one piece: on the main pool, else the cheapest that has nodes left; over the limits when none has. */
function open(context: ClassContext, piece: Piece, replicas: number, main: Pool, limits: PoolLimits): OpenShard {
  const order = [main, ...context.pools.filter((pool) => pool !== main)];
  let possible: { pool: Pool; count: number } | null = null;
  for (const pool of order) {
    const count = needed(context, piece, pool);
    if (count === 0) continue;
    possible ??= { pool, count };
    if (limits.allows(pool, context.owner, count)) return opened(context, piece, count, pool, limits);
  }
  // The plan shows which budget breaks and by how much: more useful than no plan.
  const { pool, count } = possible ?? { pool: main, count: replicas };
  return opened(context, piece, count, pool, limits);
}

function opened(context: ClassContext, piece: Piece, replicas: number, pool: Pool, limits: PoolLimits): OpenShard {
  const shard = new OpenShard(context, null, pool, replicas);
  shard.add(piece);
  limits.add(pool, context.owner, replicas);
  return shard;
}
