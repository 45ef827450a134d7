import { podCapacity } from '../declare/capacity';
import type { Fleet, Model, ServingRuntime } from '../declare/fleet';
import { copyRate, isOnDemand, loadingMicroDuty } from './rates';
import { loadedShare, partOf } from './reserve';
import { type Volume, volumeCost } from './volume-cost';

/** Less of a class's cost than this, or less than a pod, is not worth that anybody waits. */
const leastGain = 0.02;
/** For so much of the cost models stay longer. */
const indifference = 0.005;
/** Times are tried up to 2^12 of the least one, in steps of half a doubling. */
const steps = 25;

/**
 * How long on-demand models of one class should stay loaded: at least `least` seconds, longer where that costs less, as
 * loading takes time of accelerators and cores, too; Infinity where sharing room saves nothing. By volume: what all models
 * of the class take together, residents too, in parts of pods.
 */
export function bestTime(fleet: Fleet, models: readonly Model[], least: number): number {
  const first = models[0];
  const runtime = fleet.runtimes.find(({ name }) => name === first?.runtime);
  if (first === undefined || runtime === undefined) return Number.POSITIVE_INFINITY;
  const base = runtime.baseModels.find(({ name }) => name === first.base) ?? null;
  const modelsPerShard = fleet.budgets.modelsPerShard?.limit ?? null;
  const context = { packing: fleet.packing, mesh: fleet.mesh, modelsPerShard };
  const pools = fleet.pools
    .filter(({ name }) => first.pools.includes(name))
    .map((pool) => ({ pool, capacity: podCapacity(context, pool, runtime, base) }));
  const own = models.filter(isOnDemand);
  const residents = volumeOf(
    fleet,
    models.filter((model) => !isOnDemand(model)),
    runtime,
    Number.POSITIVE_INFINITY,
  );
  const cost = (seconds: number): number => {
    const volume = volumeOf(fleet, own, runtime, seconds);
    const all = Object.fromEntries(
      Object.entries(volume).map(([kind, amount]) => [kind, amount + residents[kind as keyof Volume]]),
    ) as unknown as Volume;
    return volumeCost(all, pools);
  };
  const never = cost(Number.POSITIVE_INFINITY);
  const tried = Array.from({ length: steps }, (_, k) => {
    // Exact for whole doublings; the others are of the grid of eighths, too.
    const seconds = least * 2 ** Math.floor(k / 2) * (k % 2 === 0 ? 1 : Math.SQRT2);
    return { seconds, cost: cost(seconds) };
  });
  const lowest = tried.reduce((low, one) => Math.min(low, one.cost), Number.POSITIVE_INFINITY);
  const onePod = pools.reduce((low, { pool }) => Math.min(low, pool.podPriceMicrosPerHour + 1), never);
  if (!(never - lowest >= Math.max(never * leastGain, onePod))) return Number.POSITIVE_INFINITY;
  return tried.reduce((last, one) => (one.cost <= lowest * (1 + indifference) ? one.seconds : last), least);
}

/** Of all copies together; where they share, with room for the largest in each bundle. */
function volumeOf(fleet: Fleet, models: readonly Model[], runtime: ServingRuntime, seconds: number): Volume {
  const { onDemand } = fleet.packing;
  const always = seconds === Number.POSITIVE_INFINITY;
  const bundles = always ? 0 : Math.max(1, Math.floor(models.length / onDemand.leastModels));
  const beside = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
  const shares = models.map((model) => (always ? loadedShare(1, seconds) : loadedShare(copyRate(model), seconds)));
  const room = (bytes: (model: Model) => number) => {
    let sum = 0;
    let largest = 0;
    models.forEach((model, i) => {
      sum += model.replicas * partOf(bytes(model), shares[i] as number);
      largest = Math.max(largest, bytes(model));
    });
    return sum + bundles * largest;
  };
  let microDuty = 0;
  let cpuMillis = 0;
  for (const model of models) {
    const loading = always ? 0 : loadingMicroDuty(model, runtime, seconds, onDemand);
    microDuty += model.load.microDuty + loading;
    cpuMillis += model.load.cpuMillis + loading / 1000;
  }
  return {
    acceleratorMemoryBytes: room((model) => model.footprint.acceleratorMemoryBytes),
    memoryBytes: room((model) => model.footprint.memoryBytes + beside),
    diskBytes: room((model) => model.footprint.diskBytes),
    microDuty,
    cpuMillis,
    models: models.reduce((sum, { replicas }) => sum + replicas, 0),
  };
}
