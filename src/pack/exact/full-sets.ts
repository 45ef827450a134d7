import type { TailProblem, TailType } from './tail';

/** Sets of items that fill a bin of one type but for `slack` at most, items by falling size. */
export interface FullSets {
  readonly sets: readonly (readonly number[])[];
  readonly left: readonly number[];
  readonly work: number;
}

/**
 * All of them of at most `largest` items, where they are at most `most` and found within `limit` steps; null: not so. The type has one dimension.
 * `order`: items by falling size.
 */
export function fullSets(
  problem: TailProblem,
  type: TailType,
  order: readonly number[],
  slack: number,
  largest: number,
  most: number,
  limit: number,
): FullSets | null {
  const size = order.map((i) => type.need[i] as number);
  const capacity = type.capacity[0] as number;
  const n = size.length;
  /** Sum of all from k on: what could still be added. */
  const rest = new Float64Array(n + 1);
  for (let k = n - 1; k >= 0; k--) rest[k] = (rest[k + 1] as number) + (size[k] as number);
  const sets: number[][] = [];
  const left: number[] = [];
  const chosen: number[] = [];
  let work = 0;
  const grow = (from: number, room: number): boolean => {
    if (room <= slack) {
      sets.push([...chosen]);
      left.push(room);
      if (sets.length > most) return false;
    }
    if (from >= n || chosen.length >= largest || room < (size[n - 1] as number)) return true;
    let k = from;
    // The first that fits, by halving.
    if ((size[k] as number) > room) {
      let low = k;
      let high = n;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((size[middle] as number) > room) low = middle + 1;
        else high = middle;
      }
      k = low;
    }
    for (; k < n && room - (rest[k] as number) <= slack; k++) {
      if (++work > limit) return false;
      const own = size[k] as number;
      const after = room - own;
      // Not full yet and too late for another item: smaller ones leave even more.
      if (after > slack && chosen.length + 1 >= largest) break;
      if (after > slack && after < (size[n - 1] as number)) {
        // Sizes fall, so room after grows: go to where another fits.
        const fits = room - (size[n - 1] as number);
        let low = k + 1;
        let high = n;
        while (low < high) {
          const middle = (low + high) >> 1;
          if ((size[middle] as number) > fits) low = middle + 1;
          else high = middle;
        }
        k = low - 1;
        continue;
      }
      const i = order[k] as number;
      if (problem.apart !== undefined && chosen.some((j) => problem.apart?.(i, j))) continue;
      chosen.push(i);
      const goOn = grow(k + 1, after);
      chosen.pop();
      if (!goOn) return false;
    }
    return true;
  };
  return grow(0, capacity) ? { sets, left, work } : null;
}
