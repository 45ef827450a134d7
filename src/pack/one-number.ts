import { Bins } from './bins';
import { type ClassNumbers, demandOn } from './class-numbers';
import type { ShardTypes } from './shard-types';

/** How a shard is chosen by one number: the highest score takes the model, the first of equals. */
type Score = 'first' | 'most-used' | 'least-used' | 'most-free';

/** What simple placers do, so that a packing is never worse than theirs. */
export const simpleWays: readonly { readonly byMemory: boolean; readonly score: Score }[] = [
  { byMemory: true, score: 'first' },
  { byMemory: false, score: 'first' },
  { byMemory: false, score: 'most-used' },
  { byMemory: false, score: 'least-used' },
  { byMemory: false, score: 'most-free' },
];

/** Dimensions that have an end everywhere: all but the number of models. */
const sized = 5;

/**
 * Places models one by one on pool `main`, those that it cannot hold on the cheapest that can; a new shard opens where
 * none has room. `copies` gives the fewest replicas of a model on a pool, 0 for none.
 */
export function placeOneByOne(
  types: ShardTypes,
  hasConflicts: boolean,
  main: number,
  { byMemory, score }: (typeof simpleWays)[number],
  copies: (i: number, p: number) => number,
): Bins {
  const { numbers } = types;
  const bins = new Bins(types, hasConflicts);
  const onPool: number[][] = numbers.pools.map(() => []);
  const used: Float64Array[] = [];
  for (const i of orderOf(numbers, byMemory)) {
    const home = copies(i, main) > 0 ? main : numbers.pools.findIndex((_, p) => copies(i, p) > 0);
    const needed = copies(i, home);
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (const bin of onPool[home] as number[]) {
      const replicas = bins.type[bin]?.replicas ?? 0;
      if (replicas < needed || !bins.fits(bin, i)) continue;
      const value = scoreOf(numbers, score, home, used[bin] as Float64Array, i, replicas);
      if (value > most) {
        most = value;
        best = bin;
      }
      if (score === 'first') break;
    }
    if (best < 0) {
      best = bins.open(types.get(home, needed));
      (onPool[home] as number[]).push(best);
      used[best] = new Float64Array(sized);
    }
    bins.add(best, i);
    const sums = used[best] as Float64Array;
    const replicas = bins.type[best]?.replicas ?? 1;
    for (let d = 0; d < sized; d++) sums[d] = (sums[d] as number) + demandOn(numbers, i, home, d, replicas);
  }
  return bins;
}

function orderOf(numbers: ClassNumbers, byMemory: boolean): number[] {
  const order = Array.from({ length: numbers.pieces.length }, (_, i) => i);
  if (!byMemory) return order;
  const size = numbers.pieces.map(({ model: { footprint } }) =>
    Math.max(footprint.acceleratorMemoryBytes, footprint.memoryBytes),
  );
  return order.sort((a, b) => (size[b] as number) - (size[a] as number) || a - b);
}

function scoreOf(
  numbers: ClassNumbers,
  score: Score,
  p: number,
  used: Float64Array,
  i: number,
  replicas: number,
): number {
  if (score === 'first') return 0;
  const at = p * (sized + 1);
  if (score === 'most-free') {
    const d = (numbers.capacity[at] as number) === 0 ? 2 : 0;
    return (numbers.capacity[at + d] as number) - (used[d] as number);
  }
  let sum = 0;
  for (let d = 0; d < sized; d++) {
    const capacity = numbers.capacity[at + d] as number;
    if (capacity > 0) sum += ((used[d] as number) + demandOn(numbers, i, p, d, replicas)) / capacity;
  }
  return score === 'most-used' ? sum : -sum;
}
