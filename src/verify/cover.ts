import { ceilDiv } from './exact';

/** sum over pools of pods x by >= need. */
export interface Requirement {
  readonly by: readonly bigint[];
  readonly need: bigint;
}

/** More than any honest certificate of a class asks for. */
const mostSteps = 2_000_000;

/**
 * Do all whole numbers of pods that satisfy the requirements cost at least `claim`? Looks for cheaper ones, pool by pool;
 * a branch ends where a single requirement already takes the rest of the claim. False also where the search is too long.
 */
export function costsAtLeast(price: readonly bigint[], all: readonly Requirement[], claim: bigint): boolean {
  let steps = 0;
  const cheaperExists = (pool: number, open: readonly Requirement[], spare: bigint): boolean => {
    // `spare`: a cover is cheaper if it costs at most this.
    if (spare < 0n) return false;
    if (open.length === 0) return true;
    if (pool === price.length || ++steps > mostSteps) return steps > mostSteps;
    if (open.some((row) => restCosts(price, row, pool) > spare)) return false;
    const own = price[pool] as bigint;
    const enough = open.reduce((most, row) => {
      const by = row.by[pool] as bigint;
      const count = by > 0n ? ceilDiv(row.need, by) : 0n;
      return count > most ? count : most;
    }, 0n);
    for (let count = 0n; count <= enough && own * count <= spare; count++) {
      const left = open
        .map((row) => ({ by: row.by, need: row.need - count * (row.by[pool] as bigint) }))
        .filter((row) => row.need > 0n);
      if (cheaperExists(pool + 1, left, spare - own * count)) return true;
    }
    return false;
  };
  const open = all.filter((row) => row.need > 0n);
  return claim <= 0n || !cheaperExists(0, open, claim - 1n);
}

/** The least that one requirement costs from pools `from` on, in fractions of pods, rounded up; huge where none helps. */
function restCosts(price: readonly bigint[], row: Requirement, from: number): bigint {
  let least: bigint | null = null;
  for (let pool = from; pool < price.length; pool++) {
    const by = row.by[pool] as bigint;
    if (by <= 0n) continue;
    const cost = ceilDiv(row.need * (price[pool] as bigint), by);
    if (least === null || cost < least) least = cost;
  }
  return least ?? 1n << 200n;
}
