import { type CapacityVector, dimensions, modelDemand, podCapacity } from '../src/declare/capacity';
import type { Fleet, Model, Pool, ServingRuntime } from '../src/declare/fleet';

export interface Packed {
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
}

/** Each model in a server of its own, in the cheapest pool that it may use. */
export function oneServerAModel(fleet: Fleet): Packed {
  const pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
  let pods = 0;
  let cost = 0;
  for (const model of fleet.models) {
    pods += model.replicas;
    cost += model.replicas * Math.min(...model.pools.map((name) => pools.get(name)?.podPriceMicrosPerHour ?? 0));
  }
  return { pods, podCostMicrosPerHour: cost };
}

interface Bin {
  readonly replicas: number;
  readonly left: Record<string, number>;
}

/**
 * First fit decreasing by memory, as a script would do it: models that may share are sorted by memory and put into the
 * first pod of the cheapest pool that has room for all they need, among pods with as many copies.
 */
export function firstFitDecreasing(fleet: Fleet): Packed {
  const classes = new Map<string, Model[]>();
  const tenants = new Map(fleet.tenants.map((tenant) => [tenant.name, tenant]));
  for (const model of fleet.models) {
    const tenant = tenants.get(model.tenant);
    const parts = [
      model.runtime,
      model.base,
      tenant?.group,
      tenant?.isolation,
      model.pools,
      model.zones,
      model.replicas,
    ];
    const key = JSON.stringify(parts);
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [model]);
    else members.push(model);
  }
  let pods = 0;
  let cost = 0;
  for (const members of classes.values()) {
    const packed = packClass(fleet, members);
    pods += packed.pods;
    cost += packed.podCostMicrosPerHour;
  }
  return { pods, podCostMicrosPerHour: cost };
}

function packClass(fleet: Fleet, models: readonly Model[]): Packed {
  const [first] = models;
  const runtime = fleet.runtimes.find((candidate) => candidate.name === first?.runtime);
  const [pool] = fleet.pools
    .filter((candidate) => first?.pools.includes(candidate.name))
    .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour);
  if (first === undefined || runtime === undefined || pool === undefined) return { pods: 0, podCostMicrosPerHour: 0 };
  const capacity = capacityOf(fleet, pool, runtime, first.base);
  const bins: Bin[] = [];
  for (const model of [...models].sort((a, b) => sizeOf(b) - sizeOf(a))) {
    // A load too large for so many copies gets more of them.
    let replicas = model.replicas;
    while (replicas < 64 && !fits(modelDemand(model, pool, runtime, replicas), capacity)) replicas++;
    const demand = modelDemand(model, pool, runtime, replicas);
    let bin = bins.find((candidate) => candidate.replicas === replicas && fits(demand, candidate.left));
    if (bin === undefined) {
      bin = { replicas, left: { ...capacity } };
      bins.push(bin);
    }
    for (const dimension of dimensions) bin.left[dimension] = (bin.left[dimension] ?? 0) - demand[dimension];
  }
  const pods = bins.reduce((sum, bin) => sum + bin.replicas, 0);
  return { pods, podCostMicrosPerHour: pods * pool.podPriceMicrosPerHour };
}

function capacityOf(fleet: Fleet, pool: Pool, runtime: ServingRuntime, base: string | null): CapacityVector {
  const context = { packing: fleet.packing, mesh: fleet.mesh, modelsPerShard: null };
  return podCapacity(context, pool, runtime, runtime.baseModels.find((model) => model.name === base) ?? null);
}

const sizeOf = (model: Model): number => model.footprint.acceleratorMemoryBytes || model.footprint.memoryBytes;

function fits(demand: CapacityVector, room: Readonly<Record<string, number>>): boolean {
  return dimensions.every((dimension) => demand[dimension] <= (room[dimension] ?? 0));
}
