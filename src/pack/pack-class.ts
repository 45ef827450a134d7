import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, demandArray, dimensionCount } from './class-context';
import { bestFitDecreasing, evenSpread } from './fill';
import { OpenShard } from './open-shard';
import type { PoolLimits } from './pool-limits';

interface Candidate {
  readonly shards: OpenShard[];
  readonly limits: PoolLimits;
  /** Nodes and accelerators above what pools and hard budgets have. */
  readonly excess: number;
  readonly cost: number;
  readonly pods: number;
}

/**
 * Packs `models` of one class beside `kept` shards: each allowed pool in turn as the main one, best fit and (where only
 * new shards are made) even spread; every new shard then goes to the cheapest pool that holds it. Of the results least
 * over the limits the cheapest stays; ties go to fewer pods, then to the earlier candidate.
 */
export function packClass(
  context: ClassContext,
  models: readonly Model[],
  kept: readonly OpenShard[],
  limits: PoolLimits,
): { shards: OpenShard[]; limits: PoolLimits } {
  let best: Candidate | null = null;
  for (const main of context.pools) {
    const own = limits.fork();
    const shards = kept.map((shard) => clone(context, shard));
    bestFitDecreasing(context, models, shards, main, own);
    best = better(best, finish(context, shards, own));
    const count = shards.length;
    // Worth its time only where the cap on models, not memory or load, decides.
    if (kept.length === 0 && count > 1 && capBinds(context, models, main, count)) {
      const spreadLimits = limits.fork();
      const spread = evenSpread(context, models, main, spreadLimits, count);
      if (spread !== null) best = better(best, finish(context, spread, spreadLimits));
    }
  }
  if (best === null) throw new TypeError(`class ${context.sharing.key} has no pool`);
  return { shards: best.shards, limits: best.limits };
}

function capBinds(context: ClassContext, models: readonly Model[], main: Pool, count: number): boolean {
  const cap = context.capacity.get(main.name)?.[dimensionCount - 1] ?? Number.MAX_SAFE_INTEGER;
  return models.length / cap > 0.25 * count;
}

function better(best: Candidate | null, candidate: Candidate): Candidate {
  if (best === null) return candidate;
  const less = candidate.excess - best.excess || candidate.cost - best.cost || candidate.pods - best.pods;
  return less < 0 ? candidate : best;
}

function clone(context: ClassContext, shard: OpenShard): OpenShard {
  const copy = new OpenShard(
    shard.id,
    shard.pool,
    shard.replicas,
    context.capacity.get(shard.pool.name) as number[],
    context.runtime,
  );
  for (const model of shard.models) copy.add(model);
  return copy;
}

/** Moves each new shard to the cheapest pool that holds it, and adds up. `limits` count the shards already. */
function finish(context: ClassContext, shards: readonly OpenShard[], limits: PoolLimits): Candidate {
  const result: OpenShard[] = [];
  let cost = 0;
  let pods = 0;
  for (const shard of shards) {
    const final = shard.id === null ? cheapest(context, shard, limits) : shard;
    result.push(final);
    cost += final.pool.podPriceMicrosPerHour * final.replicas;
    pods += final.replicas;
  }
  return { shards: result, limits, excess: limits.excess(), cost, pods };
}

function cheapest(context: ClassContext, shard: OpenShard, limits: PoolLimits): OpenShard {
  for (const pool of context.pools) {
    if (pool.podPriceMicrosPerHour >= shard.pool.podPriceMicrosPerHour) break;
    if (pool === shard.pool) continue;
    const capacity = context.capacity.get(pool.name) as number[];
    const free = [...capacity];
    const fits = shard.models.every((model) => {
      const demand = demandArray(model, pool, context.runtime, shard.replicas);
      for (let d = 0; d < dimensionCount; d++) {
        free[d] = (free[d] as number) - (demand[d] as number);
        if ((free[d] as number) < 0) return false;
      }
      return true;
    });
    if (!fits || !limits.moves(shard.pool, pool, context.owner, shard.replicas)) continue;
    const moved = new OpenShard(null, pool, shard.replicas, capacity, context.runtime);
    for (const model of shard.models) moved.add(model);
    return moved;
  }
  return shard;
}
