import type { Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';
import type { CheckedClass, Declared } from './declared';
import { type Amounts, hostMemory, takenByModel } from './exact';
import type { FindingLog } from './finding-log';
import { field, shown } from './reading';

/**
 * Models on demand, by formulas written apart from `src/ondemand`. How long each class's models stay loaded is read from
 * the plan: whatever it is, it must keep the target, and the pods must have the room that follows from it.
 */
export type KeptSeconds = ReadonlyMap<CheckedClass, number>;

/** The declared rates are exact to a millionth, sums of them to far more. */
const tolerance = 1 + 1e-6;
const parts = 65_536n;

export function onDemand(model: Model): boolean {
  return model.residency === 'on-demand';
}

/** Requests a second; where none are stated, one an hour. */
function asked(model: Model): number {
  const micro = model.load.requestsPerSecondMicro;
  return micro > 0 ? micro / 1_000_000 : 1 / 3600;
}

/** Of all copies, each of which is asked for its even part. */
function missed(model: Model, seconds: number): number {
  const each = asked(model) / model.replicas;
  return model.replicas * each * Math.exp(-each * seconds);
}

/** Reads how long models stay, and checks that no more requests meet a cold start than the fleet allows. */
export function readKept(declared: Declared, stated: unknown, log: FindingLog): KeptSeconds {
  const kept = new Map<CheckedClass, number>();
  const classes = declared.classes.filter(({ models }) => models.some(onDemand));
  if (classes.length === 0) return kept;
  const listed = Array.isArray(stated) ? (stated as readonly unknown[]) : [];
  const { targetColdStartMicro, targetOf } = declared.fleet.packing.onDemand;
  let allMissed = 0;
  for (const one of classes) {
    const entries = listed.filter((entry) => field(entry, 'class') === one.name);
    const seconds = field(entries[0], 'keptSeconds');
    const path = `onDemand[${listed.indexOf(entries[0])}]`;
    if (entries.length !== 1 || !(seconds === null || (typeof seconds === 'number' && seconds >= 0))) {
      log.add('STW2106', 'onDemand', `does not say once how long on-demand models of ${shown(one.name)} stay loaded`);
      continue;
    }
    kept.set(one, seconds === null ? Number.POSITIVE_INFINITY : seconds);
    const models = one.models.filter(onDemand);
    let cold = 0;
    let all = 0;
    for (const model of models) {
      cold += missed(model, seconds ?? Number.POSITIVE_INFINITY);
      all += asked(model);
    }
    allMissed += cold;
    log.figure(`${path}.models`, field(entries[0], 'models'), models.length);
    const micro = field(entries[0], 'coldStartMicro');
    if (typeof micro !== 'number' || Math.abs(micro - (cold / all) * 1e6) > 1)
      log.add('STW2104', `${path}.coldStartMicro`, `cold starts of ${one.name} are ${(cold / all) * 1e6} in a million`);
    if (targetOf === 'their-requests' && cold > (targetColdStartMicro / 1e6) * all * tolerance)
      log.add('STW2103', path, `more requests to on-demand models of ${one.name} meet a cold start than allowed`);
  }
  const fleetRate = declared.fleet.models.reduce(
    (sum, model) => sum + (onDemand(model) ? asked(model) : model.load.requestsPerSecondMicro / 1_000_000),
    0,
  );
  if (targetOf === 'all-requests' && allMissed > (targetColdStartMicro / 1e6) * fleetRate * tolerance)
    log.add('STW2103', 'onDemand', 'more requests meet a cold start than allowed');
  return kept;
}

/** How likely a copy is loaded, in 65,536ths rounded up. */
function likely(model: Model, seconds: number): bigint {
  const share = 1 - Math.exp((-asked(model) / model.replicas) * seconds);
  const exact = -Math.expm1((-asked(model) / model.replicas) * seconds);
  // Both are the same number; the second has more digits where it is small.
  return BigInt(Math.min(65_536, Math.ceil((share > 0.5 ? Math.max(share, exact) : exact) * 65_536)));
}

function part(bytes: number, share: bigint): number {
  return Number((BigInt(bytes) * share + parts - 1n) / parts);
}

/** Room for `models` in one dimension: see `reserveBytes` in src/ondemand, which this must equal. */
function room(sizes: readonly (readonly [bytes: number, expected: number])[]): number {
  const ascending = [...sizes].sort((a, b) => a[0] - b[0]);
  const total = ascending.reduce((sum, [bytes]) => sum + bytes, 0);
  // From all counted whole, to all counted by chance beside room for the largest.
  let best = total;
  let chance = 0;
  let small = 0;
  for (const [bytes, expected] of ascending) {
    chance += expected;
    small += bytes;
    best = Math.min(best, total - small + chance + bytes);
  }
  const two = ascending.slice(-2).reduce((sum, [bytes]) => sum + bytes, 0);
  return Math.max(best, two);
}

/** What on-demand models take of a pod together. */
export function takenOnDemand(
  fleet: Fleet,
  models: readonly Model[],
  pool: Pool,
  runtime: ServingRuntime,
  seconds: number,
  copiesOf: (model: Model) => number,
): Amounts {
  const shares = models.map((model) => likely(model, seconds));
  const by = (size: (model: Model) => number) =>
    room(models.map((model, i) => [size(model), part(size(model), shares[i] as bigint)] as const));
  let microDuty = 0;
  let cpuMillis = 0;
  for (const copies of new Set(models.map(copiesOf))) {
    let duty = 0;
    let cpu = 0;
    let loading = 0;
    let first: Model | null = null;
    for (const model of models) {
      if (copiesOf(model) !== copies) continue;
      first ??= model;
      duty += model.load.microDuty;
      cpu += model.load.cpuMillis;
      const each = runtime.loadMillis / 1000 + model.footprint.diskBytes / fleet.packing.onDemand.loadBytesPerSecond;
      const rate = asked(model);
      loading += Math.ceil(rate * Math.exp((-rate / model.replicas) * seconds) * each * 1e6);
    }
    if (first === null) continue;
    const load = { ...first.load, microDuty: duty + loading, cpuMillis: cpu + Math.ceil(loading / 1000) };
    const taken = takenByModel({ ...first, load }, pool, runtime, copies);
    microDuty += taken.microDuty;
    cpuMillis += taken.cpuMillis;
  }
  return {
    acceleratorMemoryBytes: pool.accelerator === null ? 0 : by((model) => model.footprint.acceleratorMemoryBytes),
    microDuty,
    memoryBytes: by((model) => hostMemory(model, runtime)),
    cpuMillis,
    diskBytes: by((model) => model.footprint.diskBytes),
    models: models.length,
  };
}

/**
 * The class with what each on-demand model adds at least to a pod, which the bound is of: its sizes by chance, no loads,
 * and of its requests' load a little less, as it is rounded once for many.
 */
export function leastOf(fleet: Fleet, sharing: CheckedClass, seconds: number | undefined): CheckedClass {
  if (seconds === undefined || !sharing.models.some(onDemand)) return sharing;
  const fastest = fleet.pools.reduce((most, pool) => Math.max(most, Math.ceil(pool.speedMilli / 1000)), 1);
  const models = sharing.models.map((model): Model => {
    if (!onDemand(model)) return model;
    const share = likely(model, seconds);
    const host = hostMemory(model, sharing.runtime);
    const { footprint, load } = model;
    return {
      ...model,
      footprint: {
        ...footprint,
        acceleratorMemoryBytes: part(footprint.acceleratorMemoryBytes, share),
        memoryBytes: part(host, share) - (host - footprint.memoryBytes),
        diskBytes: part(footprint.diskBytes, share),
      },
      load: {
        ...load,
        microDuty: Math.max(0, load.microDuty - 64 * fastest),
        cpuMillis: Math.max(0, load.cpuMillis - 64 * fastest),
      },
    };
  });
  return { ...sharing, models };
}
