import { Annealer } from './anneal';
import { packFew } from './pack-few';
import { priceOf, type TailBin, type TailProblem, type TailType } from './tail';
import { itemValues } from './values';

/** Of all bins, the part that is open at first, and at the end. */
const reserve = { first: 0.06, last: 1.6, most: 24 } as const;
const heat = { first: 0.004, last: 0.00002 } as const;

export interface TailRequest {
  /** A packing to start from. */
  readonly start: readonly TailBin[];
  /** No packing costs less: the search ends there. */
  readonly floor: number;
  /** Sets of items looked at, at most. */
  readonly work: number;
}

/**
 * Looks for a cheaper packing of few items a bin than `start`; gives `start` if it finds none. Most bins are kept filled,
 * the rest of the items wait, and both exchange items; the part that waits shrinks with time. The same request gives the
 * same packing.
 */
export function packTail(problem: TailProblem, { start, floor, work }: TailRequest, debug?: any): readonly TailBin[] {
  let best = start;
  let cost = priceOf(problem, start);
  if (cost <= floor) return best;
  const { value, work: spent } = itemValues(problem);
  let left = work - spent;
  for (let round = 1; left > 0 && cost > floor; round++) {
    const share = Math.min(left, Math.max(work / 4, work / 2 ** (4 - round)));
    const found = anneal(problem, value, best, floor, cost, share, round, debug);
    left -= found.work;
    if (found.cost >= cost) continue;
    best = found.bins;
    cost = found.cost;
  }
  return best;
}

function anneal(
  problem: TailProblem,
  value: Float64Array,
  start: readonly TailBin[],
  floor: number,
  limit: number,
  work: number,
  seed: number,
  debug: any
): { bins: readonly TailBin[]; cost: number; work: number } {
  const state = new Annealer(problem, value, seed * 7919);
  const price = (type: number) => (problem.types[type] as TailType).price;
  const dearest = Math.max(...problem.types.map((type) => type.price));
  const worth = (bin: TailBin) => bin.items.reduce((sum, i) => sum + (value[i] as number), 0) / price(bin.type);
  const ranked = start.map((bin) => ({ bin, worth: worth(bin) })).sort((a, b) => b.worth - a.worth);
  const first = Math.min(reserve.most, Math.max(reserve.last, start.length * reserve.first)) * dearest;
  let openCost = 0;
  let waitingWorth = 0;
  for (const { bin } of ranked) waitingWorth += worth(bin) * price(bin.type);
  for (const { bin } of ranked) {
    if (waitingWorth > first) {
      state.open(bin);
      openCost += price(bin.type);
      waitingWorth -= worth(bin) * price(bin.type);
    } else for (const i of bin.items) state.wait(i);
  }
  let bins: readonly TailBin[] = start;
  let cost = limit;
  let extra = 0;
  let nextShow = 0;
  while (state.work + extra < work && cost > floor) {
    const part = (state.work + extra) / work;
    const temperature = dearest * heat.first * (heat.last / heat.first) ** Math.min(1, part * 1.2);
    const keep = Math.max(reserve.last * dearest, first * (1 - part * 1.3));
    if (debug && part >= nextShow) { nextShow += 0.1; console.log(part.toFixed(2), 'T', temperature.toExponential(1), 'open', state.members.length, 'waiting', state.waiting.length, state.energy.toFixed(4), 'sum', (openCost + state.energy).toFixed(4), 'best', cost); }
    let moved = false;
    for (let k = 0; k < 200; k++) moved = state.step(temperature) || moved;
    if (state.energy >= keep + dearest * 0.8) {
      const bin = fullest(problem, value, state.waiting);
      extra += bin.work;
      for (const i of bin.items) state.leave(i);
      state.open(bin);
      openCost += price(bin.type);
    }
    // Worth a look where what waits may fit into less than the best packing has for it.
    if (moved && keep <= (reserve.last + 1.5) * dearest && openCost + state.energy <= cost - 1 + 0.05) {
      const few = packFew(problem, state.waiting, cost - openCost, 500);
      extra += few.work;
      if (few.bins !== null) {
        bins = [...state.members.map((items, b) => ({ type: state.types[b] as number, items: [...items] })), ...few.bins];
        cost = priceOf(problem, bins);
      }
    }
  }
  return { bins, cost, work: state.work + extra };
}

/** The bin of waiting items that is worth most for its price, by depth-first search. */
function fullest(problem: TailProblem, value: Float64Array, waiting: readonly number[]): TailBin & { work: number } {
  let best: { type: number; items: number[]; worth: number } = { type: 0, items: [], worth: -1 };
  let work = 0;
  problem.types.forEach((type, t) => {
    const width = type.capacity.length;
    const items = waiting.filter((i) => type.allowed[i] === 1).sort((a, b) => (value[b] as number) - (value[a] as number));
    const free = Float64Array.from(type.capacity);
    const chosen: number[] = [];
    let left = 3000;
    const grow = (from: number, worth: number): void => {
      if (worth / type.price > best.worth) best = { type: t, items: [...chosen], worth: worth / type.price };
      for (let k = from; k < items.length && left > 0; k++) {
        left--;
        work++;
        const i = items[k] as number;
        if (problem.apart && chosen.some((j) => problem.apart?.(i, j))) continue;
        let fits = true;
        for (let a = 0; a < width && fits; a++) fits = (type.need[i * width + a] as number) <= (free[a] as number);
        if (!fits) continue;
        for (let a = 0; a < width; a++) free[a] = (free[a] as number) - (type.need[i * width + a] as number);
        chosen.push(i);
        grow(k + 1, worth + (value[i] as number));
        chosen.pop();
        for (let a = 0; a < width; a++) free[a] = (free[a] as number) + (type.need[i * width + a] as number);
      }
    };
    grow(0, 0);
  });
  return { ...best, work };
}
