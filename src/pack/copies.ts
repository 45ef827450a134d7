import type { Shard } from './packing';

/** Pods that hold each model, over all its shards: by which its load is divided. */
export function copiesByModel(shards: readonly Pick<Shard, 'replicas' | 'models'>[]): ReadonlyMap<string, number> {
  const copies = new Map<string, number>();
  for (const { replicas, models } of shards)
    for (const key of models) copies.set(key, (copies.get(key) ?? 0) + replicas);
  return copies;
}
