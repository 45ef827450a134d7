import { byCodePoint } from '../declare/findings';
import { type ClassContext, dimensionCount } from './class-context';
import { bestFitDecreasing } from './fill';
import { OpenShard } from './open-shard';
import type { PackedShard } from './pack-class';
import { type Piece, pieceDemand } from './pieces';
import type { PoolLimits } from './pool-limits';

interface Candidate {
  readonly shards: readonly OpenShard[];
  readonly limits: PoolLimits;
  /** Nodes and accelerators above what pools and hard budgets have. */
  readonly excess: number;
  readonly cost: number;
}

/**
 * Packs class by class, the classes with the fewest pools first, shard by shard within what is left of the pools; over
 * the limits where nothing is left. Each pool in turn is the main one; the result least over the limits stays, of those
 * the cheapest.
 */
export function oneByOne(
  contexts: readonly ClassContext[],
  rest: ReadonlyMap<ClassContext, readonly Piece[]>,
  before: PoolLimits,
): Map<ClassContext, readonly PackedShard[]> {
  const order = [...contexts].sort(
    (a, b) => a.pools.length - b.pools.length || byCodePoint(a.sharing.key, b.sharing.key),
  );
  const packed = new Map<ClassContext, readonly PackedShard[]>();
  let limits = before;
  for (const context of order) {
    let best: Candidate | null = null;
    for (const main of context.pools) {
      const own = limits.fork();
      const shards: OpenShard[] = [];
      bestFitDecreasing(context, rest.get(context) ?? [], shards, main, own);
      const candidate = finish(context, shards, own);
      if (best === null || (candidate.excess - best.excess || candidate.cost - best.cost) < 0) best = candidate;
    }
    if (best === null) throw new TypeError(`class ${context.sharing.key} has no pool`);
    limits = best.limits;
    packed.set(context, best.shards);
  }
  return packed;
}

/** Moves each shard to the cheapest pool that holds it, and adds up. `limits` count the shards already. */
function finish(context: ClassContext, shards: readonly OpenShard[], limits: PoolLimits): Candidate {
  const final = shards.map((shard) => cheapest(context, shard, limits));
  const cost = final.reduce((sum, shard) => sum + shard.pool.podPriceMicrosPerHour * shard.replicas, 0);
  return { shards: final, limits, excess: limits.excess(), cost };
}

function cheapest(context: ClassContext, shard: OpenShard, limits: PoolLimits): OpenShard {
  for (const pool of context.pools) {
    if (pool.podPriceMicrosPerHour >= shard.pool.podPriceMicrosPerHour) break;
    const capacity = context.capacity.get(pool.name) as number[];
    const free = [...capacity];
    const fits = shard.pieces.every((piece) => {
      const demand = pieceDemand(context, piece, pool, shard.replicas);
      for (let d = 0; d < dimensionCount; d++) {
        free[d] = (free[d] as number) - (demand[d] as number);
        if ((free[d] as number) < 0) return false;
      }
      return true;
    });
    if (!fits || !limits.moves(shard.pool, pool, context.owner, shard.replicas)) continue;
    const moved = new OpenShard(context, null, pool, shard.replicas);
    for (const piece of shard.pieces) moved.add(piece);
    return moved;
  }
  return shard;
}
