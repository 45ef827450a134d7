import { type CapacityVector, modelDemand } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { Fleet, Model } from '../declare/fleet';
import type { Eviction, LockedPlacement, LockedShard } from '../pack/packing';
import { type Bundle, type BundleClass, bundleOf, fitsIn } from './bundle';

/** Models of equal replicas that a lockfile has in the same shards. */
export interface LockedBundle extends Bundle {
  readonly shards: readonly string[];
}

export interface KeptBundles {
  readonly bundles: readonly LockedBundle[];
  /** Models that are in none of them: new ones for which no bundle has room, and those that no longer fit. */
  readonly rest: readonly Model[];
  readonly evicted: readonly Eviction[];
}

/**
 * Bundles as a lockfile has them: locked models stay in their shards. Where these no longer hold them, the largest leave.
 * New models join, by key, where the room of all pods of a bundle still holds them.
 */
export function keepBundles(
  fleet: Fleet,
  one: BundleClass,
  models: readonly Model[],
  prior: LockedPlacement,
  unlocked: ReadonlySet<string>,
): KeptBundles {
  const room = new LockedRoom(one, prior);
  const locked = new Map(prior.models.map(({ key, shards }) => [key, shards]));
  const groups = new Map<string, { shards: readonly string[]; members: Model[] }>();
  const fresh: Model[] = [];
  const evicted: Eviction[] = [];
  const bundledKeys = new Set(models.map(({ key }) => key));
  for (const model of one.models) if (!bundledKeys.has(model.key)) room.take(model, locked.get(model.key) ?? []);
  for (const model of models) {
    const shards = locked.get(model.key);
    if (shards === undefined) {
      fresh.push(model);
      continue;
    }
    const free = unlocked.has(model.key);
    if (free || !room.knows(shards)) {
      for (const shard of shards) evicted.push({ model: model.key, shard, reason: free ? 'unlocked' : 'shard-gone' });
      fresh.push(model);
      continue;
    }
    const id = `${shards.join(' ')} ${model.replicas}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { shards, members: [model] });
    else group.members.push(model);
  }
  const sorted = [...groups].sort(([a], [b]) => byCodePoint(a, b)).map(([, group]) => group);
  const kept = sorted.flatMap(({ shards, members }) => {
    const bySize = [...members].sort(
      (a, b) => a.footprint.acceleratorMemoryBytes - b.footprint.acceleratorMemoryBytes || byCodePoint(a.key, b.key),
    );
    const count = room.most(fleet, shards, [], bySize);
    for (const { key } of bySize.slice(count))
      for (const shard of shards) evicted.push({ model: key, shard, reason: 'no-longer-fits' });
    fresh.push(...bySize.slice(count));
    if (count === 0) return [];
    const bundle = bundleOf(fleet, one, bySize.slice(0, count));
    room.take(bundle.model, shards);
    return [{ shards, bundle }];
  });
  let rest: readonly Model[] = fresh.sort((a, b) => byCodePoint(a.key, b.key));
  const bundles = kept.map(({ shards, bundle }): LockedBundle => {
    // A model that has just left for want of room does not come back.
    const left = new Set(evicted.filter(({ shard }) => shards.includes(shard)).map(({ model }) => model));
    const candidates = rest.filter((model) => model.replicas === bundle.model.replicas && !left.has(model.key));
    room.giveBack(bundle.model, shards);
    const joined = candidates.slice(0, room.most(fleet, shards, bundle.members, candidates));
    const grown = joined.length === 0 ? bundle : bundleOf(fleet, one, [...bundle.members, ...joined]);
    room.take(grown.model, shards);
    const gone = new Set(joined);
    rest = rest.filter((model) => !gone.has(model));
    return { ...grown, shards };
  });
  return { bundles, rest, evicted };
}

/** What the pods of locked shards of one class have left. */
class LockedRoom {
  private readonly shards: ReadonlyMap<string, LockedShard>;
  private readonly free = new Map<string, CapacityVector>();

  constructor(
    private readonly one: BundleClass,
    prior: LockedPlacement,
  ) {
    const first = one.models[0];
    const own = prior.shards.filter(
      ({ pool, runtime, base }) => one.capacity.has(pool) && runtime === one.runtime.name && base === first?.base,
    );
    this.shards = new Map(own.map((shard) => [shard.id, shard]));
    for (const { id, pool } of own) this.free.set(id, one.capacity.get(pool) as CapacityVector);
  }

  knows(shards: readonly string[]): boolean {
    return shards.length > 0 && shards.every((id) => this.shards.has(id));
  }

  take(model: Model, shards: readonly string[]): void {
    this.change(model, shards, -1);
  }

  giveBack(model: Model, shards: readonly string[]): void {
    this.change(model, shards, 1);
  }

  /** The most of `more`, from the first, that fit beside `members` in each of the shards. */
  most(fleet: Fleet, shards: readonly string[], members: readonly Model[], more: readonly Model[]): number {
    const fits = (count: number) => {
      const { model } = bundleOf(fleet, this.one, [...members, ...more.slice(0, count)]);
      return shards.every((id) => fitsIn(this.demand(model, id, shards), this.free.get(id)));
    };
    let low = 0;
    let high = more.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private change(model: Model, shards: readonly string[], sign: 1 | -1): void {
    for (const id of shards) {
      const free = this.free.get(id);
      if (free === undefined) continue;
      const demand = this.demand(model, id, shards);
      const changed = Object.entries(free).map(([dimension, room]) => [
        dimension,
        room + sign * demand[dimension as keyof CapacityVector],
      ]);
      this.free.set(id, Object.fromEntries(changed) as unknown as CapacityVector);
    }
  }

  private demand(model: Model, id: string, shards: readonly string[]): CapacityVector {
    const copies = shards.reduce((sum, other) => sum + (this.shards.get(other)?.replicas ?? 0), 0);
    const pool = this.one.pools.find(({ name }) => name === this.shards.get(id)?.pool);
    if (pool === undefined) throw new TypeError(`no pool of the shard ${id}`);
    return modelDemand(model, pool, this.one.runtime, Math.max(1, copies));
  }
}
