import type { Fleet } from '../../src/declare/fleet';
import { pack } from '../../src/pack/pack';
import type { Eviction, Packing, Shard } from '../../src/pack/packing';

/** A placement by hand: the shards of each model, of one pod on the fleet's first pool unless `more` says otherwise. */
export function placed(
  fleet: Fleet,
  homes: Readonly<Record<string, readonly string[]>>,
  more: Readonly<Record<string, Partial<Shard>>> = {},
  evicted: readonly Eviction[] = [],
): Packing {
  const { shards, bound } = pack({ fleet });
  const kinds = new Map(shards.flatMap((shard) => shard.models.map((key) => [key, shard] as const)));
  const models = new Map<string, string[]>();
  for (const key of Object.keys(homes).sort())
    for (const id of homes[key] ?? []) models.set(id, [...(models.get(id) ?? []), key]);
  return {
    bound,
    evicted,
    shards: [...models]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, keys]) => ({
        ...(kinds.get(keys[0] ?? '') as Shard),
        id,
        replicas: 1,
        models: keys,
        ...more[id],
      })),
  };
}
