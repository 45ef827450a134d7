/** round(1,000,000 x part / whole), halves up, exact; 0 where `whole` is 0. Both are safe integers, `whole` positive. */
export function millionths(part: number, whole: number): number {
  if (whole <= 0) return 0;
  const scaled = part * 1_000_000;
  if (Number.isSafeInteger(scaled) && Number.isSafeInteger(2 * scaled + whole)) {
    const twice = 2 * scaled + whole;
    const rest = ((twice % (2 * whole)) + 2 * whole) % (2 * whole);
    return (twice - rest) / (2 * whole);
  }
  const twice = 2n * BigInt(part) * 1_000_000n + BigInt(whole);
  const by = 2n * BigInt(whole);
  const quotient = twice / by;
  return Number(twice % by < 0n ? quotient - 1n : quotient);
}

/** ceil(part x times / whole), exact also where the product passes 2^53. */
export function ceilRatio(part: number, times: number, whole: number): number {
  const product = part * times;
  if (Number.isSafeInteger(product)) return Math.ceil(product / whole);
  return Number((BigInt(part) * BigInt(times) + BigInt(whole) - 1n) / BigInt(whole));
}
