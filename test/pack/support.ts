import type { Fleet, Model } from '../../src/declare/fleet';
import type { Packing, Shard } from '../../src/pack/packing';
import { lockOf } from '../../src/plan/lockfile';

/** What a lockfile would say of a packing. */
export const lockedFrom = lockOf;

export function modelsByKey(fleet: Fleet): ReadonlyMap<string, Model> {
  return new Map(fleet.models.map((model) => [model.key, model]));
}

/** Model key to the ids of its shards, sorted and joined. */
export function placement(packing: Packing): ReadonlyMap<string, string> {
  const homes = new Map<string, string>();
  for (const { id, models } of packing.shards)
    for (const key of models) homes.set(key, homes.has(key) ? `${homes.get(key)} ${id}` : id);
  return homes;
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
