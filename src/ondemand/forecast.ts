import type { Model, OnDemandOptions, Pool, ServingRuntime } from '../declare/fleet';
import { type CacheItem, characteristicSeconds, coldStarts, requests } from './che';
import type { LruModel, LruRoom } from './lru';
import { loadSeconds, requestRate } from './rates';

/** What is expected of one pod's room. */
export interface Forecast {
  /** How long a model stays loaded after its last request; null: for ever, everything fits. */
  readonly keptSeconds: number | null;
  readonly requestsPerSecond: number;
  readonly coldStartsPerSecond: number;
  /** Of cold starts x how long each takes. */
  readonly loadingPerSecond: number;
}

/** What a loaded model takes of each kind of memory. */
export function loadedSize(model: Model, pool: Pool, runtime: ServingRuntime): LruRoom {
  const { acceleratorMemoryBytes, memoryBytes } = model.footprint;
  return {
    acceleratorMemoryBytes: pool.accelerator === null ? 0 : acceleratorMemoryBytes,
    memoryBytes: memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes,
  };
}

/** By Che's approximation, in the kind of memory that is scarcer. */
export function forecast(
  models: readonly Model[],
  room: LruRoom,
  pool: Pool,
  runtime: ServingRuntime,
  options: OnDemandOptions,
): Forecast {
  const sizes = models.map((model) => loadedSize(model, pool, runtime));
  const seconds = Math.min(
    ...(['acceleratorMemoryBytes', 'memoryBytes'] as const).map((kind) => {
      const items = models.map((model, i): CacheItem => ({ bytes: sizes[i]?.[kind] ?? 0, rate: requestRate(model) }));
      return characteristicSeconds(
        items.filter(({ bytes }) => bytes > 0),
        room[kind],
      );
    }),
  );
  const rates = models.map((model) => ({ rate: requestRate(model) }));
  let loadingPerSecond = 0;
  models.forEach((model, i) => {
    loadingPerSecond += coldStarts(rates.slice(i, i + 1), seconds) * loadSeconds(model, runtime, options);
  });
  return {
    keptSeconds: seconds === Number.POSITIVE_INFINITY ? null : seconds,
    requestsPerSecond: requests(rates),
    coldStartsPerSecond: coldStarts(rates, seconds),
    loadingPerSecond,
  };
}

/** A model as the replay has it. */
export function lruModel(model: Model, pool: Pool, runtime: ServingRuntime, options: OnDemandOptions): LruModel {
  const rate = model.load.requestsPerSecondMicro / 1e6;
  const busy = Math.max(model.load.microDuty / 1e6, model.load.cpuMillis / 1e3);
  return {
    ...loadedSize(model, pool, runtime),
    fetchSeconds: model.footprint.diskBytes / options.loadBytesPerSecond,
    loadSeconds: runtime.loadMillis / 1000,
    useSeconds: rate === 0 ? 0 : busy / rate,
    priority: model.priority,
  };
}
