/** sum over pools of pods x by >= need. */
export interface CoverRow {
  readonly by: readonly number[];
  readonly need: number;
}

export interface Cover {
  readonly cost: number;
  /** Pods by pool; null where the search was cut short and `cost` is the fractional bound. */
  readonly pods: readonly number[] | null;
}

/** Steps of the search after which the fractional bound has to do. */
const mostSteps = 100_000;

/** Least cost of whole pods that satisfy all rows: depth first over the pools, cut by the best single row. */
export function leastCover(price: readonly number[], rows: readonly CoverRow[]): Cover {
  const open = rows.filter((row) => row.need > 0);
  if (open.length === 0) return { cost: 0, pods: price.map(() => 0) };
  const pools = price.length;
  const unit = price.reduce(gcd, 0) || 1;
  const bound = (needs: readonly number[], from: number): number => {
    let least = 0;
    open.forEach((row, k) => {
      const need = needs[k] as number;
      if (need <= 0) return;
      let rate = Number.POSITIVE_INFINITY;
      for (let p = from; p < pools; p++)
        if ((row.by[p] as number) > 0) rate = Math.min(rate, (price[p] as number) / (row.by[p] as number));
      least = Math.max(least, need * rate);
    });
    // A hair below, as the quotient was rounded; then up to what prices can add up to.
    return Number.isFinite(least) ? Math.ceil((least * (1 - 1e-9)) / unit) * unit : least;
  };
  let best = Number.POSITIVE_INFINITY;
  let chosen: number[] | null = null;
  const counts: number[] = new Array<number>(pools).fill(0);
  let steps = 0;
  const most = (needs: readonly number[], p: number): number => {
    let count = 0;
    open.forEach((row, k) => {
      const need = needs[k] as number;
      if (need > 0 && (row.by[p] as number) > 0) count = Math.max(count, Math.ceil(need / (row.by[p] as number)));
    });
    return count;
  };
  const search = (p: number, needs: readonly number[], cost: number): void => {
    if (++steps > mostSteps) return;
    if (needs.every((need) => need <= 0)) {
      if (cost < best) {
        best = cost;
        chosen = [...counts];
      }
      return;
    }
    if (p === pools || cost + bound(needs, p) >= best) return;
    const top = most(needs, p);
    const from = p === pools - 1 ? top : 0;
    for (let count = top; count >= from; count--) {
      counts[p] = count;
      const left = open.map((row, k) => (needs[k] as number) - count * (row.by[p] as number));
      search(p + 1, left, cost + count * (price[p] as number));
    }
    counts[p] = 0;
  };
  const needs = open.map((row) => row.need);
  search(0, needs, 0);
  if (steps > mostSteps) return { cost: bound(needs, 0), pods: null };
  return { cost: best, pods: chosen };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
