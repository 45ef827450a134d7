import { Annealer } from './anneal';
import { coverFully } from './cover';
import { fullest, packFew } from './pack-few';
import { priceOf, type TailBin, type TailProblem, type TailType } from './tail';
import { itemValues, sizeValues } from './values';

/** Of all bins, the part whose items wait at first; and in bins: at most so many, and the least, at the end. */
const reserve = { part: 0.06, most: 24, last: 1.6 } as const;
/** Items: pairs of those that wait are kept in order. */
const mostWaiting = 150;
/** In bins: how much worse a step may leave what waits, at first and at the end. */
const heat = { first: 0.004, last: 0.00002 } as const;
/** Parts of the work, one after another; every other one by sizes alone. */
const rounds = [1 / 8, 1 / 8, 1 / 4, 1 / 4, 1 / 4] as const;

export interface TailRequest {
  /** A packing to start from. */
  readonly start: readonly TailBin[];
  /** No packing costs less: the search ends there. */
  readonly floor: number;
  /** Sets of items looked at, at most: about ten million a second. */
  readonly work: number;
}

/**
 * Looks for a cheaper packing than `start` where few items fill a bin; gives `start` if it finds none. Where bins must be
 * all but full, sets that fill one are put together; otherwise most bins are kept filled, the rest of the items wait, and
 * both exchange items, while the part that waits shrinks. The same request gives the same packing.
 */
export function packTail(problem: TailProblem, { start, floor, work }: TailRequest): readonly TailBin[] {
  let best = start;
  let cost = priceOf(problem, start);
  if (cost <= floor || problem.count === 0) return best;
  let left = work;
  const [only] = problem.types as readonly TailType[];
  if (problem.types.length === 1 && only !== undefined) {
    const found = coverFully(problem, Math.ceil(floor / only.price - 1e-9), 0.7 * work);
    left -= found.work;
    if (found.bins !== null && priceOf(problem, found.bins) < cost) return found.bins;
  }
  const values = itemValues(problem, left / 8);
  left -= values.work;
  const bySize = sizeValues(problem);
  const whole = left;
  for (const [round, share] of rounds.entries()) {
    if (cost <= floor) break;
    const value = round % 2 === 0 ? values.value : bySize;
    const found = anneal(problem, value, { start: best, floor, work: whole * share }, round + 1);
    if (found.cost >= cost) continue;
    best = found.bins;
    cost = found.cost;
  }
  return best;
}

function anneal(
  problem: TailProblem,
  value: Float64Array,
  { start, floor, work }: TailRequest,
  seed: number,
): { readonly bins: readonly TailBin[]; readonly cost: number } {
  const price = (type: number) => (problem.types[type] as TailType).price;
  const dearest = Math.max(...problem.types.map((type) => type.price));
  const first = Math.min(reserve.most, Math.max(reserve.last, start.length * reserve.part)) * dearest;
  const last = reserve.last * dearest;
  const state = new Annealer(problem, value, seed * 7919);
  const ranked = start
    .map((bin) => ({ bin, worth: bin.items.reduce((sum, i) => sum + (value[i] as number), 0) / price(bin.type) }))
    .sort((a, b) => b.worth - a.worth);
  let openCost = 0;
  const open = (bin: TailBin): void => {
    state.open(bin);
    openCost += price(bin.type);
  };
  let rest = problem.count;
  for (const { bin } of ranked) {
    rest -= bin.items.length;
    if (openCost + price(bin.type) <= floor - first || rest + bin.items.length > mostWaiting) open(bin);
    else for (const i of bin.items) state.wait(i);
  }
  let bins = start;
  let cost = priceOf(problem, start);
  while (state.work < work && cost > floor) {
    const part = state.work / work;
    const temperature = dearest * heat.first * (heat.last / heat.first) ** Math.min(1, part * 1.2);
    const keep = Math.max(last, first * (1 - part * 1.3));
    let moved = false;
    for (let k = 0; k < 200; k++) moved = state.step(temperature) || moved;
    if (state.members.length === 0 || state.energy >= keep + dearest * 0.8) {
      const { bin, work: spent } = fullest(problem, value, state.waiting);
      state.work += spent;
      if (bin.items.length === 0) break;
      for (const i of bin.items) state.leave(i);
      open(bin);
    }
    // Worth a look where what waits may fit into less than the best packing has for it.
    const cheapest = Math.min(...problem.types.map((type) => type.price));
    if (!moved || keep > last + 1.5 * dearest || openCost + state.energy > cost - 0.95 * cheapest) continue;
    const few = packFew(problem, state.waiting, cost - openCost, 500);
    state.work += few.work;
    if (few.bins === null) continue;
    bins = [...state.packed(), ...few.bins];
    cost = priceOf(problem, bins);
  }
  return { bins, cost };
}
