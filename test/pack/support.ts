import type { Fleet, Model } from '../../src/declare/fleet';
import type { LockedPlacement, Packing, Shard } from '../../src/pack/packing';

/** What a lockfile would say of a packing. */
export function lockedFrom(fleet: Fleet, packing: Packing): LockedPlacement {
  const models = modelsByKey(fleet);
  return {
    shards: packing.shards.map(({ id, pool, runtime, base, group, replicas }) => ({
      id,
      pool,
      runtime,
      base,
      group,
      replicas,
    })),
    models: packing.shards
      .flatMap((shard) =>
        shard.models.map((key) => {
          const { acceleratorMemoryBytes, memoryBytes } = of(models, key).footprint;
          return { key, shards: [shard.id], acceleratorMemoryBytes, memoryBytes };
        }),
      )
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

export function modelsByKey(fleet: Fleet): ReadonlyMap<string, Model> {
  return new Map(fleet.models.map((model) => [model.key, model]));
}

/** Model key to shard id. */
export function placement(packing: Packing): ReadonlyMap<string, string> {
  return new Map(packing.shards.flatMap((shard) => shard.models.map((key) => [key, shard.id] as const)));
}

export function of<T>(map: ReadonlyMap<string, T>, key: string): T {
  const value = map.get(key);
  if (value === undefined) throw new Error(`nothing for ${key}`);
  return value;
}

export function named<T extends { readonly name: string }>(list: readonly T[], name: string): T {
  const found = list.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`nothing called ${name}`);
  return found;
}

export function pods(shards: readonly Shard[]): number {
  return shards.reduce((sum, shard) => sum + shard.replicas, 0);
}

export function podCost(fleet: Fleet, shards: readonly Shard[]): number {
  return shards.reduce((sum, shard) => sum + shard.replicas * named(fleet.pools, shard.pool).podPriceMicrosPerHour, 0);
}
