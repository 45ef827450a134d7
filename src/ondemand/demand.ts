import { type CapacityVector, dimensions, modelDemand } from '../declare/capacity';
import type { Load, Model, OnDemandOptions, Pool, ServingRuntime } from '../declare/fleet';
import { copyRate, isOnDemand, loadingMicroDuty } from './rates';
import { loadedShare, reserveBytes } from './reserve';

/** What the room of a pod's on-demand models depends on beside themselves. */
export interface OnDemandContext {
  /** How long a model stays loaded after its last request, of this class: see `keepTimes`. */
  readonly seconds: number;
  readonly options: OnDemandOptions;
}

/**
 * What models take of a pod that holds them: residents each by itself, on-demand models by the room that they share.
 * @param copies of a model, over all pods
 */
export function podDemand(
  models: readonly Model[],
  pool: Pool,
  runtime: ServingRuntime,
  copies: (model: Model) => number,
  context: OnDemandContext,
): CapacityVector {
  const total = { acceleratorMemoryBytes: 0, microDuty: 0, memoryBytes: 0, cpuMillis: 0, diskBytes: 0, models: 0 };
  const add = (demand: CapacityVector) => {
    for (const dimension of dimensions) total[dimension] += demand[dimension];
  };
  const onDemand: Model[] = [];
  for (const model of models) {
    if (isOnDemand(model)) onDemand.push(model);
    else add(modelDemand(model, pool, runtime, copies(model)));
  }
  if (onDemand.length > 0) add(onDemandDemand(onDemand, pool, runtime, copies, context));
  return total;
}

/** Of on-demand models alone. */
export function onDemandDemand(
  models: readonly Model[],
  pool: Pool,
  runtime: ServingRuntime,
  copies: (model: Model) => number,
  context: OnDemandContext,
): CapacityVector {
  const byCopies = new Map<number, Model[]>();
  for (const model of models) {
    const own = byCopies.get(copies(model));
    if (own === undefined) byCopies.set(copies(model), [model]);
    else own.push(model);
  }
  let microDuty = 0;
  let cpuMillis = 0;
  // Loads are added before they are divided and rounded: a bundle's are, too.
  for (const [count, alike] of byCopies) {
    const load = sharedLoad(alike, runtime, context);
    const demand = modelDemand({ ...(alike[0] as Model), load }, pool, runtime, count);
    microDuty += demand.microDuty;
    cpuMillis += demand.cpuMillis;
  }
  const room = sharedRoom(models, runtime, context.seconds);
  return {
    ...room,
    acceleratorMemoryBytes: pool.accelerator === null ? 0 : room.acceleratorMemoryBytes,
    microDuty,
    cpuMillis,
    models: models.length,
  };
}

export interface SharedRoom {
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  /** Of the files of what is loaded; what else the disk has room for is only a cache. */
  readonly diskBytes: number;
}

/** Room that on-demand models share in a pod. */
export function sharedRoom(models: readonly Model[], runtime: ServingRuntime, seconds: number): SharedRoom {
  const shares = models.map((model) => loadedShare(copyRate(model), seconds));
  const reserve = (bytes: (model: Model) => number) =>
    reserveBytes(models.map((model, i) => ({ bytes: bytes(model), loaded: shares[i] as number })));
  const beside = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
  return {
    acceleratorMemoryBytes: reserve((model) => model.footprint.acceleratorMemoryBytes),
    memoryBytes: reserve((model) => model.footprint.memoryBytes + beside),
    diskBytes: reserve((model) => model.footprint.diskBytes),
  };
}

/** Load of on-demand models together: their requests, and loading them, which keeps an accelerator and a core busy. */
export function sharedLoad(models: readonly Model[], runtime: ServingRuntime, context: OnDemandContext): Load {
  let requestsPerSecondMilli = 0;
  let requestsPerSecondMicro = 0;
  let microDuty = 0;
  let cpuMillis = 0;
  let loading = 0;
  for (const model of models) {
    requestsPerSecondMilli += model.load.requestsPerSecondMilli;
    requestsPerSecondMicro += model.load.requestsPerSecondMicro;
    microDuty += model.load.microDuty;
    cpuMillis += model.load.cpuMillis;
    loading += loadingMicroDuty(model, runtime, context.seconds, context.options);
  }
  return {
    requestsPerSecondMilli,
    requestsPerSecondMicro,
    microDuty: microDuty + loading,
    cpuMillis: cpuMillis + Math.ceil(loading / 1000),
  };
}
