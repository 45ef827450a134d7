import { byCodePoint } from '../declare/findings';
import type { Model } from '../declare/fleet';
import { type ClassContext, demandArray, dimensionCount } from './class-context';
import { OpenShard } from './open-shard';
import type { Eviction, LockedShard, PackRequest } from './packing';
import type { PoolLimits } from './pool-limits';
import { replicasNeeded } from './replicas';

/** What of a lockfile stays as it is. */
export interface Kept {
  /** By class key. */
  readonly shards: ReadonlyMap<string, OpenShard[]>;
  /** Keys of models that stay. */
  readonly placed: ReadonlySet<string>;
  readonly evicted: readonly Eviction[];
}

/** Keeps each locked model where it is, as long as its shard may and can hold it; a shard that overflows loses the fewest. */
export function keepLocked(request: PackRequest, contexts: readonly ClassContext[], limits: PoolLimits): Kept {
  const { prior } = request;
  const shards = new Map<string, OpenShard[]>();
  const placed = new Set<string>();
  const evicted: Eviction[] = [];
  if (prior === undefined) return { shards, placed, evicted };
  const declared = new Map<string, { model: Model; context: ClassContext }>();
  for (const context of contexts)
    for (const model of context.sharing.models) declared.set(model.key, { model, context });
  const members = new Map<string, { model: Model; context: ClassContext }[]>();
  const known = new Map(prior.shards.map((shard) => [shard.id, shard]));
  for (const locked of prior.models) {
    const entry = declared.get(locked.key);
    if (entry === undefined) continue;
    const home = locked.shards[0] as string;
    if (request.unlocked?.has(locked.key)) evicted.push({ model: locked.key, shard: home, reason: 'unlocked' });
    else if (!known.has(home)) evicted.push({ model: locked.key, shard: home, reason: 'shard-gone' });
    else {
      const own = members.get(home);
      if (own === undefined) members.set(home, [entry]);
      else own.push(entry);
    }
  }
  for (const id of [...members.keys()].sort(byCodePoint)) {
    const locked = known.get(id) as LockedShard;
    const all = members.get(id) ?? [];
    const context = majority(all);
    const pool = context.pools.find((candidate) => candidate.name === locked.pool);
    const suits =
      pool !== undefined &&
      locked.runtime === context.sharing.runtime &&
      locked.base === context.sharing.base &&
      locked.group === context.sharing.group;
    const same = all.filter((entry) => entry.context === context);
    for (const entry of all)
      if (entry.context !== context || !suits)
        evicted.push({
          model: entry.model.key,
          shard: id,
          reason: pool === undefined ? 'shard-gone' : 'class-changed',
        });
    if (!suits || pool === undefined) continue;
    // All its models need more copies: more replicas move nothing.
    const fewest = same.reduce(
      (least, { model }) => Math.min(least, replicasNeeded(context, model, pool) || model.replicas),
      Number.POSITIVE_INFINITY,
    );
    const replicas = Math.max(locked.replicas, fewest);
    const shard = new OpenShard(id, pool, replicas, context.capacity.get(pool.name) as number[], context.runtime);
    for (const { model } of same.sort((a, b) => byCodePoint(a.model.key, b.model.key))) {
      if (model.replicas > replicas || !shard.welcomes(model))
        evicted.push({ model: model.key, shard: id, reason: 'no-longer-fits' });
      else shard.add(model);
    }
    while (shard.overflows())
      evicted.push({ model: shard.remove(mostRelief(shard, context)).key, shard: id, reason: 'no-longer-fits' });
    if (shard.models.length === 0) continue;
    for (const model of shard.models) placed.add(model.key);
    limits.add(pool, context.owner, replicas);
    shards.set(context.sharing.key, [...(shards.get(context.sharing.key) ?? []), shard]);
  }
  return { shards, placed, evicted: evicted.sort((a, b) => byCodePoint(a.model, b.model)) };
}

function majority(entries: readonly { readonly context: ClassContext }[]): ClassContext {
  const counts = new Map<ClassContext, number>();
  for (const { context } of entries) counts.set(context, (counts.get(context) ?? 0) + 1);
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || byCodePoint(a.sharing.key, b.sharing.key));
  if (first === undefined) throw new TypeError('a shard without models');
  return first[0];
}

/** The model whose leaving ends the overflow with the least room wasted, or relieves it most. */
function mostRelief(shard: OpenShard, context: ClassContext): number {
  const capacity = context.capacity.get(shard.pool.name) as number[];
  let best = 0;
  let bestRelief = -1;
  let bestSize = Number.POSITIVE_INFINITY;
  shard.models.forEach((model, index) => {
    const demand = demandArray(model, shard.pool, context.runtime, shard.replicas);
    let relief = 0;
    let size = 0;
    for (let d = 0; d < dimensionCount; d++) {
      const total = Math.max(1, capacity[d] as number);
      const over = Math.max(0, -(shard.free[d] as number));
      relief += Math.min(over, demand[d] as number) / total;
      size = Math.max(size, (demand[d] as number) / total);
    }
    if (relief > bestRelief || (relief === bestRelief && size < bestSize)) {
      best = index;
      bestRelief = relief;
      bestSize = size;
    }
  });
  return best;
}
