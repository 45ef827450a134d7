import type { Fleet } from '../declare/fleet';
import { coldStartCurve, coldStarts, requests } from '../ondemand/che';
import { sharedRoom } from '../ondemand/demand';
import { keepTimes, type OnDemandClass } from '../ondemand/keep-time';
import { copyRate, isOnDemand, loadingMicroDuty } from '../ondemand/rates';
import type { PlannedOnDemand } from './plan';

/** How much memory between none and all, in millionths, the curve is drawn at. */
const shares = [100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000];

/** What is expected of the on-demand models of each class; in the order of the classes. */
export function plannedOnDemand(fleet: Fleet, classes: readonly OnDemandClass[]): PlannedOnDemand[] {
  const keep = keepTimes(fleet, classes);
  return classes.flatMap(({ key, models }) => {
    const own = models.filter(isOnDemand);
    const runtime = fleet.runtimes.find(({ name }) => name === own[0]?.runtime);
    if (runtime === undefined) return [];
    const seconds = keep.get(key) ?? Number.POSITIVE_INFINITY;
    const accelerated = own.some(({ footprint }) => footprint.acceleratorMemoryBytes > 0);
    const kind = accelerated ? 'acceleratorMemoryBytes' : 'memoryBytes';
    const beside = accelerated ? 0 : runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
    const items = own.flatMap((model) =>
      Array.from({ length: model.replicas }, () => ({ bytes: model.footprint[kind] + beside, rate: copyRate(model) })),
    );
    const asked = requests(items);
    const cold = coldStarts(items, seconds);
    const loading = own.reduce((sum, m) => sum + loadingMicroDuty(m, runtime, seconds, fleet.packing.onDemand), 0);
    const curve = coldStartCurve(items, shares.length + 2).slice(1, -1);
    return [
      {
        class: key,
        models: own.length,
        keptSeconds: seconds === Number.POSITIVE_INFINITY ? null : seconds,
        memory: accelerated ? ('accelerator' as const) : ('host' as const),
        totalBytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
        reserveBytes: sharedRoom(own, runtime, seconds)[kind],
        coldStartMicro: asked === 0 ? 0 : Math.round((cold / asked) * 1e6),
        coldStartsPerHour: Math.round(cold * 3600),
        loadMillis: cold === 0 ? 0 : Math.round(loading / cold / 1000),
        curve: shares.map((memoryMicro, i) => ({
          memoryMicro,
          coldStartMicro: Math.round((curve[i]?.coldStartRate ?? 0) * 1e6),
        })),
      },
    ];
  });
}
