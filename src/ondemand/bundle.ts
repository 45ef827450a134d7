import { type CapacityVector, modelDemand, podCapacity } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';
import { sharedLoad, sharedRoom } from './demand';
import { keepTimes, type OnDemandClass } from './keep-time';
import { copyRate, isOnDemand } from './rates';
import { loadedShare, partOf } from './reserve';

/** On-demand models that are placed as one, behind one room. */
export interface Bundle {
  /** What the packer sees: the room that they share, and their load together. */
  readonly model: Model;
  /** Sorted by key. */
  readonly members: readonly Model[];
}

/** A class with what its bundles are made of. */
export interface BundleClass extends OnDemandClass {
  /** Which memory counts: the accelerator's where the models take any. */
  readonly memory: 'acceleratorMemoryBytes' | 'memoryBytes';
  readonly runtime: ServingRuntime;
  readonly pools: readonly Pool[];
  /** Of one pod, by pool. */
  readonly capacity: ReadonlyMap<string, CapacityVector>;
  readonly seconds: number;
}

/** Keys of bundles begin with a character that no model's key has, and sort before all of them. */
const prefix = '!';

export function bundleClasses(fleet: Fleet, classes: readonly OnDemandClass[]): BundleClass[] {
  const keep = keepTimes(fleet, classes);
  const context = {
    packing: fleet.packing,
    mesh: fleet.mesh,
    modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null,
  };
  return classes.flatMap((one) => {
    const first = one.models[0];
    const runtime = fleet.runtimes.find(({ name }) => name === first?.runtime);
    if (first === undefined || runtime === undefined || !one.models.some(isOnDemand)) return [];
    const base = runtime.baseModels.find(({ name }) => name === first.base) ?? null;
    const pools = fleet.pools.filter(({ name }) => first.pools.includes(name));
    const capacity = new Map(pools.map((pool) => [pool.name, podCapacity(context, pool, runtime, base)]));
    const accelerated = one.models.some(({ footprint }) => footprint.acceleratorMemoryBytes > 0);
    const memory = accelerated ? 'acceleratorMemoryBytes' : 'memoryBytes';
    return [{ key: one.key, models: one.models, memory, runtime, pools, capacity, seconds: keep.get(one.key) ?? 0 }];
  });
}

/** Models that a bundle may hold: those that keep no others off and that none keeps off. */
export function bundled(one: BundleClass): Model[] {
  const avoided = new Set(one.models.flatMap((model) => model.neverWith));
  const free = (model: Model) =>
    model.neverWith.length === 0 &&
    (avoided.size === 0 || !Object.entries(model.labels).some(([key, value]) => avoided.has(`${key}=${value}`)));
  return one.models.filter((model) => isOnDemand(model) && free(model));
}

/**
 * Parts models into bundles that each fill an empty pod of the pool that is cheapest for them; what fits one pod is parted
 * into bundles of at least `packing.onDemand.leastModels`. Fewer models are in a bundle only where no pod has room for so
 * many, or the class has not as many. All are of about equal room. Models that are far larger than the rest, or that would
 * share no less room than they take alone, come back as they are.
 */
export function newBundles(fleet: Fleet, one: BundleClass, models: readonly Model[]): (Bundle | Model)[] {
  const byReplicas = new Map<number, Model[]>();
  for (const model of models) {
    const own = byReplicas.get(model.replicas);
    if (own === undefined) byReplicas.set(model.replicas, [model]);
    else own.push(model);
  }
  return [...byReplicas].sort(([a], [b]) => a - b).flatMap(([, own]) => partition(fleet, one, own));
}

function partition(fleet: Fleet, one: BundleClass, models: readonly Model[]): (Bundle | Model)[] {
  const best = cheapestFill(one, models, fleet.packing.onDemand.leastModels);
  if (best === null) return [...models];
  const small = models.filter((model) => sizeOf(one, model) <= best.largest);
  const large = models.filter((model) => sizeOf(one, model) > best.largest);
  const sorted = small
    .map((model) => ({ model, expected: partOf(sizeOf(one, model), loadedShare(copyRate(model), one.seconds)) }))
    .sort((a, b) => b.expected - a.expected || byCodePoint(a.model.key, b.model.key));
  const deal = (parts: number) => dealt(sorted, parts).map((members) => bundleOf(fleet, one, members));
  const capacity = one.capacity.get(best.pool.name);
  // What is less than a pod shares it with others: in small bundles, where there are models enough.
  let parts = Math.max(1, Math.ceil(best.pods));
  if (parts === 1) parts = Math.max(1, Math.floor(small.length / fleet.packing.onDemand.leastModels));
  for (;;) {
    const bundles = deal(parts);
    const fit = ({ model }: Bundle) => fitsIn(modelDemand(model, best.pool, one.runtime, model.replicas), capacity);
    if (bundles.every(fit))
      return [
        ...large,
        ...bundles.flatMap((bundle): readonly (Bundle | Model)[] => (saves(one, bundle) ? [bundle] : bundle.members)),
      ];
    if (parts >= small.length) return [...models];
    parts = Math.min(small.length, Math.max(parts + 1, Math.ceil(parts * 1.02)));
  }
}

interface Fill {
  readonly pool: Pool;
  /** Bundles hold models up to this size; the others are packed one by one, whole. */
  readonly largest: number;
  /** That the bundles fill, in parts. */
  readonly pods: number;
}

/** In which pool, and up to which size, bundles that fill pods cost least; null: in none. By the memory that counts. */
function cheapestFill(one: BundleClass, models: readonly Model[], leastModels: number): Fill | null {
  const sorted = models
    .map((model) => ({ bytes: sizeOf(one, model), share: loadedShare(copyRate(model), one.seconds) }))
    .sort((a, b) => a.bytes - b.bytes);
  const all = sorted.reduce((sum, { bytes }) => sum + bytes, 0);
  const kind = one.memory;
  let best: (Fill & { readonly cost: number; readonly few: boolean }) | null = null;
  for (const pool of one.pools) {
    if (kind === 'acceleratorMemoryBytes' && pool.accelerator === null) continue;
    const room = one.capacity.get(pool.name)?.[kind] ?? 0;
    let expected = 0;
    let small = 0;
    sorted.forEach(({ bytes, share }, i) => {
      expected += partOf(bytes, share);
      small += bytes;
      // Only the last of equals.
      if (room <= bytes || sorted[i + 1]?.bytes === bytes) return;
      const pods = expected / (room - bytes);
      const few = (i + 1) / Math.max(1, pods) < Math.min(leastModels, models.length);
      const cost = (pool.podPriceMicrosPerHour + 1) * (pods + (all - small) / room);
      if (best === null || Number(few) - Number(best.few) < 0 || (few === best.few && cost < best.cost))
        best = { pool, largest: bytes, pods, cost, few };
    });
  }
  return best;
}

function sizeOf(one: BundleClass, { footprint }: Model): number {
  if (one.memory === 'acceleratorMemoryBytes') return footprint.acceleratorMemoryBytes;
  return footprint.memoryBytes + one.runtime.perModelMemoryBytes + one.runtime.sharedMemory.perModelBytes;
}

/** Parts of about equal expected room: the largest first, each to the part that has least. */
function dealt(items: readonly { readonly model: Model; readonly expected: number }[], parts: number): Model[][] {
  const hands = Array.from({ length: parts }, (): { models: Model[]; sum: number } => ({ models: [], sum: 0 }));
  for (const { model, expected } of items) {
    let least = hands[0];
    for (const hand of hands) if (least === undefined || hand.sum < least.sum) least = hand;
    least?.models.push(model);
    // Each adds a little, so that what takes no room is spread, too.
    if (least !== undefined) least.sum += expected + 1;
  }
  return hands.map(({ models }) => models);
}

export function bundleOf(fleet: Fleet, one: BundleClass, models: readonly Model[]): Bundle {
  const members = [...models].sort((a, b) => byCodePoint(a.key, b.key));
  const first = members[0];
  if (first === undefined) throw new TypeError('a bundle of nothing');
  const room = sharedRoom(members, one.runtime, one.seconds);
  // The packer adds this for each model; the room has it for all of them.
  const beside = one.runtime.perModelMemoryBytes + one.runtime.sharedMemory.perModelBytes;
  const key = `${prefix}${first.key}`;
  const model: Model = {
    ...first,
    key,
    name: key,
    storageUri: '',
    footprint: { ...room, memoryBytes: room.memoryBytes - beside, provenance: 'estimated' },
    load: sharedLoad(members, one.runtime, { seconds: one.seconds, options: fleet.packing.onDemand }),
    labels: {},
    neverWith: [],
    countsAs: members.length,
  };
  return { model, members };
}

/** In any dimension less than its models take alone. */
function saves(one: BundleClass, { model, members }: Bundle): boolean {
  if (members.length < 2) return false;
  return one.pools.some((pool) => {
    const together = modelDemand(model, pool, one.runtime, model.replicas);
    const alone = members.map((member) => modelDemand(member, pool, one.runtime, member.replicas));
    return (['acceleratorMemoryBytes', 'memoryBytes', 'diskBytes'] as const).some(
      (dimension) => together[dimension] < alone.reduce((sum, demand) => sum + demand[dimension], 0),
    );
  });
}

export function fitsIn(demand: CapacityVector, room: CapacityVector | undefined): boolean {
  if (room === undefined) return false;
  return (Object.keys(demand) as (keyof CapacityVector)[]).every((dimension) => demand[dimension] <= room[dimension]);
}
