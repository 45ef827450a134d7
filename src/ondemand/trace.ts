import { exponential, type Random, seededRandom } from './random';

export interface TraceShape {
  readonly seed: number;
  readonly seconds: number;
  /**
   * In bursts: about ten requests ten times as fast as the mean, then a pause of nine times as long. Else by a Poisson
   * process.
   */
  readonly bursts: boolean;
}

const burstFactor = 10;
const requestsInBurst = 10;

/**
 * When requests come for a model, ascending, of as many a second as `rate` says. The name picks the numbers, so that a
 * model is asked for at the same times in whatever fleet and pod it is.
 */
export function requestTimes(name: string, rate: number, shape: TraceShape): readonly number[] {
  if (rate <= 0) return [];
  const random = seededRandom(shape.seed, `requests of ${name}`);
  return shape.bursts ? burstTimes(rate, shape.seconds, random) : poissonTimes(rate, 0, shape.seconds, random);
}

function poissonTimes(rate: number, from: number, to: number, random: Random): number[] {
  const times: number[] = [];
  for (let now = from + exponential(random) / rate; now < to; now += exponential(random) / rate) times.push(now);
  return times;
}

function burstTimes(rate: number, seconds: number, random: Random): number[] {
  const times: number[] = [];
  const onSeconds = requestsInBurst / (burstFactor * rate);
  const offSeconds = onSeconds * (burstFactor - 1);
  let on = random() < 1 / burstFactor;
  for (let now = 0; now < seconds; on = !on) {
    const end = Math.min(seconds, now + exponential(random) * (on ? onSeconds : offSeconds));
    if (on) for (const time of poissonTimes(rate * burstFactor, now, end, random)) times.push(time);
    now = end;
  }
  return times;
}

/** How long ago each model was last asked for at a time of no note: what is loaded at the start of a trace. */
export function lastAsked(name: string, rate: number, seed: number): number {
  return rate <= 0 ? Number.POSITIVE_INFINITY : exponential(seededRandom(seed, `age of ${name}`)) / rate;
}

/** Requests of several models in order of time. */
export function merged(times: readonly (readonly number[])[]): { readonly seconds: number; readonly model: number }[] {
  const requests = times.flatMap((own, model) => own.map((seconds) => ({ seconds, model })));
  return requests.sort((a, b) => a.seconds - b.seconds || a.model - b.model);
}
