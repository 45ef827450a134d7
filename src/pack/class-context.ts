import { type CapacityVector, dimensions, podCapacity } from '../declare/capacity';
import type { Fleet, Model, Pool, ReplicaLayout, ServingRuntime } from '../declare/fleet';
import type { Effort } from './packing';
import type { SharingClass } from './sharing';

export const dimensionCount = dimensions.length;

/** What packing one class needs, looked up once. */
export interface ClassContext {
  readonly layout: ReplicaLayout;
  readonly effort: Effort;
  readonly sharing: SharingClass;
  readonly runtime: ServingRuntime;
  /** The class's pools, cheapest first (price, then name). */
  readonly pools: readonly Pool[];
  /** Capacity of one pod by pool, as numbers in the order of `dimensions`. */
  readonly capacity: ReadonlyMap<string, number[]>;
  /** Owner of its nodes in `PoolLimits`. */
  readonly owner: string;
  readonly hasConflicts: boolean;
}

export function classContext(fleet: Fleet, sharing: SharingClass, effort: Effort = 'default'): ClassContext {
  const runtime = fleet.runtimes.find((candidate) => candidate.name === sharing.runtime);
  if (runtime === undefined) throw new TypeError(`no runtime ${sharing.runtime} in the fleet`);
  const base = runtime.baseModels.find((model) => model.name === sharing.base) ?? null;
  const pools = fleet.pools
    .filter((pool) => sharing.pools.includes(pool.name))
    .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour || (a.name < b.name ? -1 : 1));
  const limits = {
    packing: fleet.packing,
    mesh: fleet.mesh,
    modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null,
  };
  return {
    layout: fleet.packing.layout,
    effort,
    sharing,
    runtime,
    pools,
    capacity: new Map(pools.map((pool) => [pool.name, toArray(podCapacity(limits, pool, runtime, base))])),
    owner: sharing.nodeIsolated ? sharing.group : '',
    hasConflicts: sharing.models.some((model) => model.neverWith.length > 0),
  };
}

/** In the order of `dimensions`; plain arrays, as typed ones cost more to make than to use at this length. */
function toArray(vector: CapacityVector): number[] {
  return [
    vector.acceleratorMemoryBytes,
    vector.microDuty,
    vector.memoryBytes,
    vector.cpuMillis,
    vector.diskBytes,
    vector.models,
  ];
}

/** Demand of a model on each pod of a shard of `replicas` on `pool`. */
export function demandArray(model: Model, pool: Pool, runtime: ServingRuntime, replicas: number): number[] {
  return setDemand([0, 0, 0, 0, 0, 0], model, pool, runtime, replicas);
}

/** The same written into `demand`: what `modelDemand` says, without an object for each of many models. */
export function setDemand(
  demand: number[],
  model: Model,
  pool: Pool,
  runtime: ServingRuntime,
  replicas: number,
): number[] {
  const { footprint, load } = model;
  const gpu = pool.accelerator !== null;
  const speed = pool.speedMilli * replicas;
  demand[0] = gpu ? footprint.acceleratorMemoryBytes : 0;
  demand[1] = gpu && load.microDuty > 0 ? shareOf(load.microDuty, 1000, speed) : 0;
  demand[2] = footprint.memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
  demand[3] = gpu ? Math.ceil(load.cpuMillis / replicas) : shareOf(load.cpuMillis, 1000, speed);
  demand[4] = footprint.diskBytes;
  demand[5] = model.countsAs ?? 1;
  return demand;
}

/** ceil(a x b / c), exact also where a x b passes 2^53; the same as in declare/capacity. */
export function shareOf(a: number, b: number, c: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.ceil(product / c);
  return Number((BigInt(a) * BigInt(b) + BigInt(c) - 1n) / BigInt(c));
}

export function fitsIn(demand: readonly number[], free: readonly number[]): boolean {
  for (let d = 0; d < dimensionCount; d++) if ((demand[d] as number) > (free[d] as number)) return false;
  return true;
}
