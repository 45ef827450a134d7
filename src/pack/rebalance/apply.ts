import { byCodePoint } from '../../declare/findings';
import type { Fleet } from '../../declare/fleet';
import type { Eviction, LockedPlacement, Packing, Shard } from '../packing';
import type { Entry } from './board';
import type { Site } from './site';

/** The packing with these changes made to it. Models that the lockfile has elsewhere say `repack` as their reason. */
export function packingAfter(
  fleet: Fleet,
  packing: Packing,
  prior: LockedPlacement,
  entries: readonly Entry[],
): Packing {
  if (entries.length === 0) return packing;
  const shards = new Map(packing.shards.map((shard) => [shard.id, { shard, models: new Set(shard.models) }]));
  const touched = new Set<string>();
  for (const entry of entries) {
    if (entry.did === 'open') shards.set(entry.site.id, { shard: shardOf(entry.site), models: new Set() });
    else if (entry.did === 'close') shards.delete(entry.site.id);
    else if (entry.did === 'resize') {
      const own = shards.get(entry.site.id);
      if (own !== undefined) own.shard = { ...own.shard, replicas: entry.after };
    } else if (entry.did === 'transfer') {
      const key = fleet.models[entry.model]?.key as string;
      touched.add(key);
      if (entry.from !== null) shards.get(entry.from.id)?.models.delete(key);
      if (entry.to !== null) shards.get(entry.to.id)?.models.add(key);
    }
  }
  const after = [...shards.values()]
    .map(({ shard, models }): Shard => ({ ...shard, models: [...models].sort(byCodePoint) }))
    .sort((a, b) => byCodePoint(a.id, b.id));
  return { shards: after, bound: packing.bound, evicted: evictions(packing, prior, shards, touched) };
}

function shardOf({ id, pool, replicas, of: { sharing } }: Site): Shard {
  const { runtime, base, group, nodeIsolated, zones } = sharing;
  return { id, pool: pool.name, runtime, base, group, nodeIsolated, zones, replicas, models: [] };
}

function evictions(
  packing: Packing,
  prior: LockedPlacement,
  shards: ReadonlyMap<string, { readonly models: ReadonlySet<string> }>,
  touched: ReadonlySet<string>,
): Eviction[] {
  const forced = new Map(packing.evicted.map((eviction) => [`${eviction.shard} ${eviction.model}`, eviction]));
  const result = packing.evicted.filter(({ model }) => !touched.has(model));
  for (const { key, shards: locked } of prior.models) {
    if (!touched.has(key)) continue;
    for (const shard of locked)
      if (shards.get(shard)?.models.has(key) !== true)
        result.push(forced.get(`${shard} ${key}`) ?? { model: key, shard, reason: 'repack' });
  }
  return result.sort((a, b) => byCodePoint(a.model, b.model) || byCodePoint(a.shard, b.shard));
}
