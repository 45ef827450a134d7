import type { Fleet, Model } from '../declare/fleet';
import { requests, secondsForColdStarts } from './che';
import { bestTime } from './pays';
import { copyRate, isOnDemand, requestRate } from './rates';

/** Models that may share a pod. */
export interface OnDemandClass {
  readonly key: string;
  readonly models: readonly Model[];
}

/** A power of two in eighths: their 8th roots, written out so that they are the same on any machine. */
const eighths = [
  1,
  1.0905077326652577,
  1.189207115002721,
  1.2968395546510096,
  Math.SQRT2,
  1.5422108254079407,
  1.6817928305074292,
  1.8340080864093424,
];

/** Nothing is evicted sooner on purpose: loading takes seconds, and a model that comes and goes serves nobody. */
const leastSeconds = 60;

/**
 * How long an on-demand model stays loaded after its last request, by class, in seconds: so long that the target is kept,
 * a minute at least, and longer where that costs less. Rounded up to an eighth of a doubling, so that a model more or less
 * rarely changes the room of the others. Infinity where the class would save nothing: then its models are packed, and
 * stay, like residents.
 * @param classes all of the fleet
 */
export function keepTimes(fleet: Fleet, classes: readonly OnDemandClass[]): ReadonlyMap<string, number> {
  const known = remembered.get(fleet) ?? timesOf(fleet, classes);
  remembered.set(fleet, known);
  return known;
}

/** Packing and planning ask several times for the same fleet's. */
const remembered = new WeakMap<Fleet, ReadonlyMap<string, number>>();

function timesOf(fleet: Fleet, classes: readonly OnDemandClass[]): ReadonlyMap<string, number> {
  const { targetColdStartMicro, targetOf } = fleet.packing.onDemand;
  const target = targetColdStartMicro / 1e6;
  const timeOf = (models: readonly Model[], allowed: number) =>
    Math.max(leastSeconds, onGrid(secondsForColdStarts(models.flatMap(copiesOf), allowed)));
  const every = fleet.models.filter(isOnDemand);
  const all = every.reduce((sum, model) => sum + requestRate(model), 0) + residentRate(fleet);
  const together = targetOf === 'all-requests' && every.length > 0 ? timeOf(every, target * all) : null;
  return new Map(
    classes.map(({ key, models }) => {
      const own = models.filter(isOnDemand);
      if (own.length === 0) return [key, Number.POSITIVE_INFINITY];
      const least = together ?? timeOf(own, target * requests(own.flatMap(copiesOf)));
      return [key, bestTime(fleet, models, least)];
    }),
  );
}

/** Each copy is a model of its own to the pod that holds it. */
function copiesOf(model: Model): { readonly rate: number }[] {
  const rate = copyRate(model);
  return Array.from({ length: model.replicas }, () => ({ rate }));
}

/** Residents that state no requests have none. */
function residentRate(fleet: Fleet): number {
  let sum = 0;
  for (const model of fleet.models) if (!isOnDemand(model)) sum += model.load.requestsPerSecondMicro / 1e6;
  return sum;
}

/** The same by model key; empty where no model is on demand. */
export function keepTimesByModel(fleet: Fleet, classes: readonly OnDemandClass[]): ReadonlyMap<string, number> {
  const keep = keepTimes(fleet, classes);
  const own = (models: readonly Model[], seconds: number) =>
    models.filter(isOnDemand).map((model) => [model.key, seconds] as const);
  return new Map(classes.flatMap(({ key, models }) => own(models, keep.get(key) ?? 0)));
}

/** The next time of the grid at or above `seconds`. */
function onGrid(seconds: number): number {
  if (seconds === 0 || seconds === Number.POSITIVE_INFINITY) return seconds;
  let octave = 1;
  while (octave * 2 <= seconds) octave *= 2;
  while (octave > seconds) octave /= 2;
  for (const root of eighths) if (octave * root >= seconds) return octave * root;
  return octave * 2;
}
