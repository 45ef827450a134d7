import { podCapacity } from '../declare/capacity';
import type { Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';
import { copyRate, loadingMicroDuty } from './rates';
import { loadedShare, partOf } from './reserve';

/** Less than this is not worth that anybody waits. */
const leastGain = 0.05;

/** Whether these models, of one class, cost less where they share room than where all stay loaded; by volume. */
export function sharingPays(fleet: Fleet, models: readonly Model[], seconds: number): boolean {
  const first = models[0];
  const runtime = fleet.runtimes.find(({ name }) => name === first?.runtime);
  if (first === undefined || runtime === undefined) return false;
  const base = runtime.baseModels.find(({ name }) => name === first.base) ?? null;
  const together = volumes(fleet, models, runtime, seconds);
  const alone = volumes(fleet, models, runtime, Number.POSITIVE_INFINITY);
  const context = { packing: fleet.packing, mesh: fleet.mesh, modelsPerShard: null };
  let least = Number.POSITIVE_INFINITY;
  let leastAlone = Number.POSITIVE_INFINITY;
  for (const pool of fleet.pools) {
    if (!first.pools.includes(pool.name)) continue;
    const capacity = podCapacity(context, pool, runtime, base);
    const price = pool.podPriceMicrosPerHour + 1;
    const pods = (volume: Volume) => price * Math.max(...shares(volume, pool, capacity));
    least = Math.min(least, pods(together));
    leastAlone = Math.min(leastAlone, pods(alone));
  }
  return least < leastAlone * (1 - leastGain);
}

interface Volume {
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly microDuty: number;
  readonly cpuMillis: number;
}

/** Of all copies together; where they share, with room for the largest in each bundle. */
function volumes(fleet: Fleet, models: readonly Model[], runtime: ServingRuntime, seconds: number): Volume {
  const { onDemand } = fleet.packing;
  const bundles = Math.max(1, Math.floor(models.length / onDemand.leastModels));
  const beside = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
  const room = (bytes: (model: Model) => number) => {
    let sum = 0;
    let largest = 0;
    for (const model of models) {
      sum += model.replicas * partOf(bytes(model), loadedShare(copyRate(model), seconds));
      largest = Math.max(largest, bytes(model));
    }
    return seconds === Number.POSITIVE_INFINITY ? sum : sum + bundles * largest;
  };
  let microDuty = 0;
  let cpuMillis = 0;
  for (const model of models) {
    const loading = loadingMicroDuty(model, runtime, seconds, onDemand);
    microDuty += model.load.microDuty + loading;
    cpuMillis += model.load.cpuMillis + loading / 1000;
  }
  return {
    acceleratorMemoryBytes: room((model) => model.footprint.acceleratorMemoryBytes),
    memoryBytes: room((model) => model.footprint.memoryBytes + beside),
    diskBytes: room((model) => model.footprint.diskBytes),
    microDuty,
    cpuMillis,
  };
}

/** Pods that the volume fills, by each dimension; one without room is left out where nothing is wanted of it. */
function shares(volume: Volume, pool: Pool, capacity: Volume): number[] {
  const fast = pool.speedMilli / 1000;
  const part = (need: number, room: number) => (need === 0 ? 0 : room <= 0 ? Number.POSITIVE_INFINITY : need / room);
  const memory = [part(volume.memoryBytes, capacity.memoryBytes), part(volume.diskBytes, capacity.diskBytes)];
  if (pool.accelerator === null) return [...memory, part(volume.cpuMillis / fast, capacity.cpuMillis)];
  return [
    ...memory,
    part(volume.acceleratorMemoryBytes, capacity.acceleratorMemoryBytes),
    part(volume.microDuty / fast, capacity.microDuty),
    part(volume.cpuMillis, capacity.cpuMillis),
  ];
}
