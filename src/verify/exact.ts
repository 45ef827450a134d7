/**
 * Arithmetic of the checker, written apart from `declare/capacity.ts`: a slip there does not pass here.
 * Results are safe integers; intermediate products are BigInt where they may pass 2^53.
 */
import type { Dimension } from '../declare/capacity';
import type { BaseModel, Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';

export type Amounts = Readonly<Record<Dimension, number>>;

export const dimensionNames: readonly Dimension[] = [
  'acceleratorMemoryBytes',
  'microDuty',
  'memoryBytes',
  'cpuMillis',
  'diskBytes',
  'models',
];

const mebibyte = 1_048_576n;

export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

export function ceilDiv(a: bigint, b: bigint): bigint {
  return -floorDiv(-a, b);
}

/** round(a / b) with halves up, for a and b of which b is positive. */
export function roundDiv(a: bigint, b: bigint): bigint {
  return floorDiv(2n * a + b, 2n * b);
}

export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** A pod's part of its node: 19/20 of the node (the rest is the cluster's), split evenly; bytes in whole MiB. */
export function podPart(pool: Pool): { cpuMillis: number; memoryBytes: number; diskBytes: number } {
  const part = (node: number) => floorDiv(BigInt(node) * 19n, 20n * BigInt(pool.podsPerNode));
  const wholeMiB = (node: number) => Number((part(node) / mebibyte) * mebibyte);
  return {
    cpuMillis: Number(part(pool.nodeCpuMillis)),
    memoryBytes: wholeMiB(pool.nodeMemoryBytes),
    diskBytes: wholeMiB(pool.nodeDiskBytes),
  };
}

/** What one pod leaves for models. */
export function roomOfPod(fleet: Fleet, pool: Pool, runtime: ServingRuntime, base: BaseModel | null): Amounts {
  const part = podPart(pool);
  const server = runtime.baseFootprint;
  const target = fleet.packing.utilizationTargetMicro;
  const cpu = part.cpuMillis - fleet.mesh.agentCpuMillis - server.cpuMillis;
  const caps = [runtime.maxModelsPerPod, fleet.budgets.modelsPerShard?.limit ?? null];
  let models = Number.MAX_SAFE_INTEGER;
  for (const cap of caps) if (cap !== null && cap < models) models = cap;
  let accelerator = 0;
  if (pool.accelerator !== null) {
    accelerator = pool.accelerator.memoryBytes - fleet.packing.acceleratorReserveBytes;
    accelerator -= server.acceleratorMemoryBytes + (base === null ? 0 : base.acceleratorMemoryBytes);
  }
  const memoryTaken = fleet.mesh.agentMemoryBytes + server.memoryBytes + runtime.sharedMemory.baseBytes;
  return {
    acceleratorMemoryBytes: accelerator,
    microDuty: pool.accelerator === null ? 0 : target,
    memoryBytes: part.memoryBytes - memoryTaken - (base === null ? 0 : base.memoryBytes),
    cpuMillis: Number(floorDiv(BigInt(cpu) * BigInt(target), 1_000_000n)),
    diskBytes: part.diskBytes - server.diskBytes - (base === null ? 0 : base.diskBytes),
    models,
  };
}

/** Host memory of one loaded copy: its own and what the server adds for each model. */
export function hostMemory(model: Model, runtime: ServingRuntime): number {
  return model.footprint.memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
}

/** What a pod of `pool` that holds one of `copies` gives to the model; they share its load evenly, wherever they are. */
export function takenByModel(model: Model, pool: Pool, runtime: ServingRuntime, copies: number): Amounts {
  const accelerated = pool.accelerator !== null;
  return {
    acceleratorMemoryBytes: accelerated ? model.footprint.acceleratorMemoryBytes : 0,
    microDuty: accelerated ? loadPerPod(model.load.microDuty, pool.speedMilli, copies) : 0,
    memoryBytes: hostMemory(model, runtime),
    cpuMillis: cpuTaken(model, pool, copies),
    diskBytes: model.footprint.diskBytes,
    models: 1,
  };
}

/** Beside an accelerator the CPU only feeds it: the pool's speed is the accelerator's. */
export function cpuTaken(model: Model, pool: Pool, copies: number): number {
  return loadPerPod(model.load.cpuMillis, pool.accelerator === null ? pool.speedMilli : 1000, copies);
}

function loadPerPod(load: number, speedMilli: number, copies: number): number {
  return ceilRatio(load, 1000, speedMilli, copies);
}

/** ceil(a x b / (c x d)), for whole numbers of which c and d are positive; without BigInt wherever that is exact. */
export function ceilRatio(a: number, b: number, c: number, d: number): number {
  if (a === 0) return 0;
  const over = a * b;
  const under = c * d;
  if (over > Number.MAX_SAFE_INTEGER || under > Number.MAX_SAFE_INTEGER)
    return Number(ceilDiv(BigInt(a) * BigInt(b), BigInt(c) * BigInt(d)));
  const rest = over % under;
  return (over - rest) / under + (rest > 0 ? 1 : 0);
}

/** floor(a x b / (c x d)), likewise; Infinity where that is past 2^53. */
export function floorRatio(a: number, b: number, c: number, d: number): number {
  const over = a * b;
  const under = c * d;
  if (over <= Number.MAX_SAFE_INTEGER && under <= Number.MAX_SAFE_INTEGER) return (over - (over % under)) / under;
  // Three roundings are less than 2^-50 of the quotient: one that is not near a whole number is rounded down right.
  const quotient = over / under;
  if (Math.abs(quotient - Math.round(quotient)) > quotient * 2 ** -50) return Math.floor(quotient);
  const exact = (BigInt(a) * BigInt(b)) / (BigInt(c) * BigInt(d));
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(exact);
}

/** An exact sum of whole numbers from 0 up, without BigInt while they are small. Mutable. */
export class Tally {
  private large = 0n;
  private small = 0;

  /** Adds `amount` x `times`. */
  add(amount: number, times = 1): void {
    const product = amount * times;
    if (product > 2 ** 52) this.large += BigInt(amount) * BigInt(times);
    else this.small += product;
    if (this.small <= 2 ** 52) return;
    this.large += BigInt(this.small);
    this.small = 0;
  }

  get total(): bigint {
    return this.large + BigInt(this.small);
  }
}
