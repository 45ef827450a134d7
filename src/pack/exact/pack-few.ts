import type { TailBin, TailProblem, TailType } from './tail';

/**
 * Packs a few items into bins that cost less than `limit` together: depth first over items, largest first, up to `nodes`
 * places tried.
 */
export function packFew(
  problem: TailProblem,
  items: readonly number[],
  limit: number,
  nodes: number,
): { bins: TailBin[] | null; work: number } {
  const { types, apart } = problem;
  const width = (types[0] as TailType).capacity.length;
  const size = (i: number) => {
    let most = 0;
    for (const type of types)
      for (let a = 0; a < width; a++)
        most = Math.max(most, (type.need[i * width + a] as number) / Math.max(1, type.capacity[a] as number));
    return most;
  };
  const order = items
    .map((i) => ({ i, size: size(i) }))
    .sort((a, b) => b.size - a.size || a.i - b.i)
    .map(({ i }) => i);
  const bins: { type: number; items: number[]; free: Float64Array }[] = [];
  let left = nodes;
  const place = (k: number, cost: number): boolean => {
    if (k === order.length) return true;
    const i = order[k] as number;
    for (const bin of bins) {
      if (left-- <= 0) return false;
      const type = types[bin.type] as TailType;
      if (type.allowed[i] === 0) continue;
      if (!roomFor(type, bin.free, i) || bin.items.some((j) => apart?.(i, j))) continue;
      shift(type, bin.free, i, -1);
      bin.items.push(i);
      if (place(k + 1, cost)) return true;
      bin.items.pop();
      shift(type, bin.free, i, 1);
    }
    for (let t = 0; t < types.length; t++) {
      const type = types[t] as TailType;
      if (left-- <= 0) return false;
      if (type.allowed[i] === 0 || cost + type.price >= limit) continue;
      const free = Float64Array.from(type.capacity, (room, a) => room - (type.need[i * width + a] as number));
      bins.push({ type: t, items: [i], free });
      if (place(k + 1, cost + type.price)) return true;
      bins.pop();
    }
    return false;
  };
  const done = place(0, 0);
  return { bins: done ? bins.map(({ type, items }) => ({ type, items })) : null, work: nodes - Math.max(0, left) };
}

const fullestWork = 3000;

/** The bin of waiting items that is worth most for its price, by depth-first search. */
export function fullest(
  problem: TailProblem,
  value: Float64Array,
  waiting: readonly number[],
): { readonly bin: TailBin; readonly work: number } {
  let best: TailBin = { type: 0, items: [] };
  let most = -1;
  let work = 0;
  problem.types.forEach((type, t) => {
    const items = waiting
      .filter((i) => type.allowed[i] === 1)
      .sort((a, b) => (value[b] as number) - (value[a] as number) || a - b);
    const free = Float64Array.from(type.capacity);
    const chosen: number[] = [];
    let left = fullestWork;
    const grow = (from: number, worth: number): void => {
      if (worth > most * type.price) {
        most = worth / type.price;
        best = { type: t, items: [...chosen] };
      }
      for (let k = from; k < items.length && left > 0; k++) {
        left--;
        const i = items[k] as number;
        if (!roomFor(type, free, i) || chosen.some((j) => problem.apart?.(i, j))) continue;
        shift(type, free, i, -1);
        chosen.push(i);
        grow(k + 1, worth + (value[i] as number));
        chosen.pop();
        shift(type, free, i, 1);
      }
    };
    grow(0, 0);
    work += fullestWork - left;
  });
  return { bin: best, work };
}

function roomFor({ need, capacity }: TailType, free: Float64Array, i: number): boolean {
  const width = capacity.length;
  for (let a = 0; a < width; a++) if ((need[i * width + a] as number) > (free[a] as number)) return false;
  return true;
}

function shift({ need, capacity }: TailType, free: Float64Array, i: number, sign: 1 | -1): void {
  const width = capacity.length;
  for (let a = 0; a < width; a++) free[a] = (free[a] as number) + sign * (need[i * width + a] as number);
}
