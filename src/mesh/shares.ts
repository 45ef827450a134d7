/** All of an alias's requests, in the units of shares. */
export const wholeShare = 1_000_000;

/**
 * Whole millionths by weight: their sum is 1,000,000, and each is within one of what it would be exactly. All 0 where no
 * weight is above 0.
 */
export function sharesOf(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return weights.map(() => 0);
  let sum = 0;
  let given = 0;
  return weights.map((weight) => {
    sum += weight;
    const until = Math.round((sum / total) * wholeShare);
    const share = until - given;
    given = until;
    return share;
  });
}
