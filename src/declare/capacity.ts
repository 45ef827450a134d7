import type { BaseModel, MeshOptions, Model, PackingOptions, Pool, ServingRuntime } from './fleet';

/** The dimensions of a pod's capacity and of a model's demand, in this order everywhere. */
export const dimensions = [
  'acceleratorMemoryBytes',
  'microDuty',
  'memoryBytes',
  'cpuMillis',
  'diskBytes',
  'models',
] as const;
export type Dimension = (typeof dimensions)[number];
/** One safe integer a dimension. */
export type CapacityVector = Readonly<Record<Dimension, number>>;

/** What a pod's share of its node is: a node's allocatable over its shard pods, system pods' share left aside. */
export function podShare(pool: Pool): {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
} {
  // 5% of a node's CPU and memory stay for the cluster's own pods, so that podsPerNode pods truly fit.
  const share = (total: number) => Number((BigInt(total) * 19n) / (20n * BigInt(pool.podsPerNode)));
  return {
    cpuMillis: share(pool.nodeCpuMillis),
    memoryBytes: Math.floor(share(pool.nodeMemoryBytes) / 2 ** 20) * 2 ** 20,
    diskBytes: Math.floor(share(pool.nodeDiskBytes) / 2 ** 20) * 2 ** 20,
  };
}

export interface CapacityContext {
  readonly packing: PackingOptions;
  readonly mesh: MeshOptions;
  /** Most models a shard, from the budgets; null: no limit. */
  readonly modelsPerShard: number | null;
}

/** What one pod of `runtime` (with `base` loaded) on `pool` has for models; a dimension may be negative: nothing fits. */
export function podCapacity(
  context: CapacityContext,
  pool: Pool,
  runtime: ServingRuntime,
  base: BaseModel | null,
): CapacityVector {
  const share = podShare(pool);
  const { packing, mesh } = context;
  const target = packing.utilizationTargetMicro;
  const accelerator = pool.accelerator;
  return {
    acceleratorMemoryBytes:
      accelerator === null
        ? 0
        : accelerator.memoryBytes -
          packing.acceleratorReserveBytes -
          runtime.baseFootprint.acceleratorMemoryBytes -
          (base?.acceleratorMemoryBytes ?? 0),
    microDuty: accelerator === null ? 0 : target,
    memoryBytes:
      share.memoryBytes -
      mesh.agentMemoryBytes -
      runtime.baseFootprint.memoryBytes -
      (base?.memoryBytes ?? 0) -
      runtime.sharedMemory.baseBytes,
    cpuMillis: Math.floor(
      ((share.cpuMillis - mesh.agentCpuMillis - runtime.baseFootprint.cpuMillis) * target) / 1_000_000,
    ),
    diskBytes: share.diskBytes - runtime.baseFootprint.diskBytes - (base?.diskBytes ?? 0),
    models: Math.min(
      runtime.maxModelsPerPod ?? Number.MAX_SAFE_INTEGER,
      context.modelsPerShard ?? Number.MAX_SAFE_INTEGER,
    ),
  };
}

/** What `model` takes of each pod of a shard with `replicas` pods on `pool`: its load is shared by them. */
export function modelDemand(model: Model, pool: Pool, runtime: ServingRuntime, replicas: number): CapacityVector {
  const onAccelerator = pool.accelerator !== null;
  return {
    acceleratorMemoryBytes: onAccelerator ? model.footprint.acceleratorMemoryBytes : 0,
    microDuty: onAccelerator ? ceilDivide(model.load.microDuty, 1000, pool.speedMilli * replicas) : 0,
    memoryBytes: model.footprint.memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes,
    cpuMillis: onAccelerator
      ? Math.ceil(model.load.cpuMillis / replicas)
      : ceilDivide(model.load.cpuMillis, 1000, pool.speedMilli * replicas),
    diskBytes: model.footprint.diskBytes,
    models: model.countsAs ?? 1,
  };
}

/** ceil(a x b / c), exact also where a x b passes 2^53. */
function ceilDivide(a: number, b: number, c: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.ceil(product / c);
  return Number((BigInt(a) * BigInt(b) + BigInt(c) - 1n) / BigInt(c));
}
