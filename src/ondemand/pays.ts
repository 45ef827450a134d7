import { podCapacity } from '../declare/capacity';
import type { Fleet, Model, OnDemandOptions, ServingRuntime } from '../declare/fleet';
import { copyRate, isOnDemand, loadSeconds, requestRate } from './rates';
import { type Volume, volumeCost } from './volume-cost';

/** Less of a class's cost than this, or less than a pod, is not worth that anybody waits. */
const leastGain = 0.02;
/** For so much of the cost models stay longer. */
const indifference = 0.005;
/** Times are tried up to 2^12 of the least one, by doubling. */
const doublings = 12;

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
  const residents = new Volumes(
    models.filter((model) => !isOnDemand(model)),
    runtime,
    fleet.packing.onDemand,
  ).at(Number.POSITIVE_INFINITY);
  const volumes = new Volumes(own, runtime, fleet.packing.onDemand);
  const cost = (seconds: number): number => {
    const volume = volumes.at(seconds);
    const all = Object.fromEntries(
      Object.entries(volume).map(([kind, amount]) => [kind, amount + residents[kind as keyof Volume]]),
    ) as unknown as Volume;
    return volumeCost(all, pools);
  };
  const never = cost(Number.POSITIVE_INFINITY);
  const tried = Array.from({ length: doublings + 1 }, (_, k) => ({
    seconds: least * 2 ** k,
    cost: cost(least * 2 ** k),
  }));
  const lowest = tried.reduce((low, one) => Math.min(low, one.cost), Number.POSITIVE_INFINITY);
  const onePod = pools.reduce((low, { pool }) => Math.min(low, pool.podPriceMicrosPerHour + 1), never);
  if (!(never - lowest >= Math.max(never * leastGain, onePod))) return Number.POSITIVE_INFINITY;
  return tried.reduce((last, one) => (one.cost <= lowest * (1 + indifference) ? one.seconds : last), least);
}

/** What models take together, all copies, where they stay for a time; with room for the largest in each bundle. */
class Volumes {
  private readonly rates: Float64Array;
  /** For each cold start a second and copy. */
  private readonly loading: Float64Array;

  constructor(
    private readonly models: readonly Model[],
    private readonly runtime: ServingRuntime,
    private readonly options: OnDemandOptions,
  ) {
    this.rates = Float64Array.from(models, copyRate);
    this.loading = Float64Array.from(models, (model) => requestRate(model) * loadSeconds(model, runtime, options));
  }

  at(seconds: number): Volume {
    const { runtime, models } = this;
    const always = seconds === Number.POSITIVE_INFINITY;
    const beside = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
    let [accelerator, memory, disk, duty, cpu, copies] = [0, 0, 0, 0, 0, 0];
    let [largestAccelerator, largestMemory, largestDisk] = [0, 0, 0];
    models.forEach(({ footprint, load, replicas }, i) => {
      const missing = always ? 0 : Math.exp(-(this.rates[i] as number) * seconds);
      const present = replicas * (1 - missing);
      const loading = missing * (this.loading[i] as number);
      accelerator += present * footprint.acceleratorMemoryBytes;
      memory += present * (footprint.memoryBytes + beside);
      disk += present * footprint.diskBytes;
      duty += load.microDuty + loading * 1e6;
      cpu += load.cpuMillis + loading * 1e3;
      copies += replicas;
      largestAccelerator = Math.max(largestAccelerator, footprint.acceleratorMemoryBytes);
      largestMemory = Math.max(largestMemory, footprint.memoryBytes + beside);
      largestDisk = Math.max(largestDisk, footprint.diskBytes);
    });
    const bundles = always ? 0 : Math.max(1, Math.floor(models.length / this.options.leastModels));
    return {
      acceleratorMemoryBytes: accelerator + bundles * largestAccelerator,
      memoryBytes: memory + bundles * largestMemory,
      diskBytes: disk + bundles * largestDisk,
      microDuty: duty,
      cpuMillis: cpu,
      models: copies,
    };
  }
}
