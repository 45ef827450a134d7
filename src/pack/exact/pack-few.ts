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
      let fits = true;
      for (let a = 0; a < width && fits; a++) fits = (type.need[i * width + a] as number) <= (bin.free[a] as number);
      if (!fits || (apart && bin.items.some((j) => apart(i, j)))) continue;
      for (let a = 0; a < width; a++) bin.free[a] = (bin.free[a] as number) - (type.need[i * width + a] as number);
      bin.items.push(i);
      if (place(k + 1, cost)) return true;
      bin.items.pop();
      for (let a = 0; a < width; a++) bin.free[a] = (bin.free[a] as number) + (type.need[i * width + a] as number);
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
