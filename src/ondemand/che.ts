/**
 * The characteristic time approximation of a least-recently-used cache: a model is loaded at a moment if it was asked for
 * within the last T seconds, where T is the one time at which the loaded models together fill the cache. With Poisson
 * requests a model is then loaded with probability 1 - exp(-rate T), and a request finds it missing with the rest.
 *
 * H. Che, Y. Tung, Z. Wang, Hierarchical Web Caching Systems: Modeling, Design and Experimental Results, IEEE JSAC 20(7),
 * 2002. Why it is exact for many items: C. Fricker, P. Robert, J. Roberts, A Versatile and Accurate Approximation for LRU
 * Cache Performance, ITC 24, 2012.
 */

/** A model as the cache sees it. */
export interface CacheItem {
  readonly bytes: number;
  /** Requests a second. */
  readonly rate: number;
}

/** Bytes that are loaded on average when models stay for `seconds` after their last request. */
export function loadedBytes(items: readonly CacheItem[], seconds: number): number {
  let sum = 0;
  for (const { bytes, rate } of items) if (rate > 0) sum += bytes * -Math.expm1(-rate * seconds);
  return sum;
}

/** Loads a second. */
export function coldStarts(items: readonly Pick<CacheItem, 'rate'>[], seconds: number): number {
  let sum = 0;
  for (const { rate } of items) if (rate > 0) sum += rate * Math.exp(-rate * seconds);
  return sum;
}

export function requests(items: readonly Pick<CacheItem, 'rate'>[]): number {
  return items.reduce((sum, { rate }) => sum + rate, 0);
}

/** The time T of a cache of `bytes`; Infinity where all models that are ever asked for fit. */
export function characteristicSeconds(items: readonly CacheItem[], bytes: number): number {
  let all = 0;
  for (const item of items) if (item.rate > 0) all += item.bytes;
  if (all <= bytes) return Number.POSITIVE_INFINITY;
  if (bytes <= 0) return 0;
  return leastSeconds(items, (seconds) => loadedBytes(items, seconds) >= bytes);
}

/** The least time at which at most `rate` loads a second are left. */
export function secondsForColdStarts(items: readonly Pick<CacheItem, 'rate'>[], rate: number): number {
  if (requests(items) <= rate) return 0;
  if (rate <= 0) return Number.POSITIVE_INFINITY;
  return leastSeconds(items, (seconds) => coldStarts(items, seconds) <= rate);
}

/**
 * Where `holds` turns true as time grows: bracketed by doubling from the mean time between requests, then halved until
 * neighbouring numbers are reached. Always ends, and gives the same number for the same items in the same order.
 */
function leastSeconds(items: readonly Pick<CacheItem, 'rate'>[], holds: (seconds: number) => boolean): number {
  let high = 1 / requests(items);
  let low = 0;
  while (!holds(high)) {
    low = high;
    high *= 2;
    if (high === Number.POSITIVE_INFINITY) return high;
  }
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high || high - low <= high * 1e-12) return high;
    if (holds(middle)) high = middle;
    else low = middle;
  }
}

export interface CurvePoint {
  readonly bytes: number;
  /** Loads for each request, from 0 to 1. */
  readonly coldStartRate: number;
}

/** Memory against cold starts: `points` sizes, evenly from 0 to all models together. */
export function coldStartCurve(items: readonly CacheItem[], points: number): readonly CurvePoint[] {
  const all = items.reduce((sum, { bytes }) => sum + bytes, 0);
  const total = requests(items);
  return Array.from({ length: points }, (_, k) => {
    const bytes = Math.round((all * k) / Math.max(1, points - 1));
    const seconds = characteristicSeconds(items, bytes);
    return { bytes, coldStartRate: total === 0 ? 0 : coldStarts(items, seconds) / total };
  });
}
