import type { Fleet, Model } from '../declare/fleet';
import { keepTimesByModel, type OnDemandClass } from './keep-time';
import { copyRate, isOnDemand } from './rates';
import { loadedShare, partOf } from './reserve';

/** Of a load's parts, rounded up: so much less, and no sum of them is above the rounded sum. */
const mostCopies = 64;

/**
 * The fleet with what each on-demand model adds at least to any pod that holds it: its size by the chance that it is
 * loaded, and its requests' load. Together they never take less than the sum: what no placement of these fits in, no
 * placement of the fleet does.
 */
export function leastFleet(fleet: Fleet, classes: readonly OnDemandClass[]): Fleet {
  if (!fleet.models.some(isOnDemand)) return fleet;
  const seconds = keepTimesByModel(fleet, classes);
  const fastest = Math.ceil(fleet.pools.reduce((most, { speedMilli }) => Math.max(most, speedMilli), 1000) / 1000);
  const runtimes = new Map(fleet.runtimes.map((runtime) => [runtime.name, runtime]));
  const models = fleet.models.map((model): Model => {
    const runtime = runtimes.get(model.runtime);
    if (!isOnDemand(model) || runtime === undefined) return model;
    const share = loadedShare(copyRate(model), seconds.get(model.key) ?? 0);
    const { footprint, load } = model;
    const beside = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
    const less = (amount: number) => Math.max(0, amount - mostCopies * fastest);
    return {
      ...model,
      footprint: {
        ...footprint,
        acceleratorMemoryBytes: partOf(footprint.acceleratorMemoryBytes, share),
        // What is added for every model is added to this, too.
        memoryBytes: partOf(footprint.memoryBytes + beside, share) - beside,
        diskBytes: partOf(footprint.diskBytes, share),
      },
      load: { ...load, microDuty: less(load.microDuty), cpuMillis: less(load.cpuMillis) },
    };
  });
  return { ...fleet, models };
}
