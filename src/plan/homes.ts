import type { Shard } from '../pack/packing';

/** Where a model is. */
export interface Home<S> {
  /** The shards that hold it, sorted by id. */
  readonly shards: readonly S[];
  /** Its position in the first one's list of models. */
  readonly at: number;
}

type Holder = Pick<Shard, 'id' | 'models'>;

/** The shards of each model, from the shards' lists of models. */
export function homesOf<S extends Holder>(shards: readonly S[]): ReadonlyMap<string, Home<S>> {
  const homes = new Map<string, { readonly shards: S[]; readonly at: number }>();
  for (const shard of sortedBy(shards, ({ id }) => id)) {
    shard.models.forEach((key, at) => {
      const home = homes.get(key);
      if (home === undefined) homes.set(key, { shards: [shard], at });
      else home.shards.push(shard);
    });
  }
  return homes;
}

/** How many different sets of shards hold some model: the router has one cluster for each. */
export function countReplicaSets(homes: ReadonlyMap<string, Home<Pick<Shard, 'id'>>>): number {
  const sets = new Set<string>();
  for (const { shards } of homes.values())
    sets.add(shards.length === 1 ? (shards[0]?.id ?? '') : shards.map(({ id }) => id).join());
  return sets.size;
}

/** Itself where it is sorted already, as it nearly always is. */
export function sortedBy<T>(list: readonly T[], name: (entry: T) => string): readonly T[] {
  for (let i = 1; i < list.length; i++) {
    if (name(list[i - 1] as T) > name(list[i] as T))
      return [...list].sort((a, b) => {
        const [x, y] = [name(a), name(b)];
        return x < y ? -1 : x > y ? 1 : 0;
      });
  }
  return list;
}
