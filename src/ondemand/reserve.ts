/** A model's size in one dimension, and the chance that it is loaded at a moment. */
export interface ReserveItem {
  readonly bytes: number;
  /** In 65,536ths, rounded up. */
  readonly loaded: number;
}

const whole = 65_536;

/** The chance that a model is loaded which stays for `seconds` after each request, in 65,536ths, rounded up. */
export function loadedShare(ratePerSecond: number, seconds: number): number {
  return Math.min(whole, Math.ceil(-Math.expm1(-ratePerSecond * seconds) * whole));
}

/** bytes x share, rounded up; exact. */
export function partOf(bytes: number, share: number): number {
  const product = bytes * share;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.ceil(product / whole);
  return Number((BigInt(bytes) * BigInt(share) + BigInt(whole - 1)) / BigInt(whole));
}

/**
 * Bytes that a pod keeps for these models in one dimension: what is loaded on average, and room to load the largest beside
 * it; where some are much larger than the rest, those are counted whole instead. At least the two largest, so that each
 * can be loaded while any other is in use; never more than all of them.
 *
 * Two sets together never need more than the two apart: models that were packed in bundles fit where the bundles fit.
 */
export function reserveBytes(items: readonly ReserveItem[]): number {
  const sorted = [...items].sort((a, b) => b.bytes - a.bytes);
  let expected = 0;
  for (const { bytes, loaded } of items) expected += partOf(bytes, loaded);
  // The first `k` counted whole, for each k; the rest by chance, with room for the largest of them.
  let wholeBytes = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const { bytes, loaded } of sorted) {
    least = Math.min(least, wholeBytes + expected + bytes);
    wholeBytes += bytes;
    expected -= partOf(bytes, loaded);
  }
  const [first, second] = sorted;
  return Math.max(Math.min(least, wholeBytes), (first?.bytes ?? 0) + (second?.bytes ?? 0));
}
