import type { Bins } from './bins';
import type { Guide } from './guide';
import type { TypeTable } from './shard-types';

/** How a model chooses among shards: even use of all of them, or the tightest. */
export type Rule = 'even' | 'tight';

/** More bins of one type than this are looked at a window at a time. */
const window = 48;

/**
 * Puts each model of `order` into an open bin by `rule`; gives those that fit none. Priced by the guide: room in a
 * dimension that is worth more is spent with more care.
 */
export function fill(bins: Bins, order: Iterable<number>, guide: Guide, rule: Rule, from = 0): number[] {
  const groups = new Map<TypeTable, number[]>();
  for (let bin = from; bin < bins.count; bin++) {
    const type = bins.type[bin] as TypeTable | null;
    if (type === null) continue;
    const group = groups.get(type);
    if (group === undefined) groups.set(type, [bin]);
    else group.push(bin);
  }
  const scorers = [...groups].map(([type, own]) => ({ type, own, score: scorer(bins, type, guide, rule), cursor: 0 }));
  const left: number[] = [];
  for (const i of order) {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const group of scorers) {
      const { type, own, score } = group;
      if (type.allowed[i] === 0) continue;
      const steps = Math.min(window, own.length);
      let at = group.cursor;
      for (let k = 0; k < steps; k++) {
        const bin = own[at] as number;
        if (++at === own.length) at = 0;
        if (!bins.fits(bin, i)) continue;
        const value = score(bin, i);
        if (value < least) {
          least = value;
          best = bin;
        }
      }
      if (own.length > window) group.cursor = at;
    }
    if (best < 0) best = anyFit(bins, i, scorers);
    if (best < 0) left.push(i);
    else bins.add(best, i);
  }
  return left;
}

function anyFit(bins: Bins, i: number, groups: readonly { type: TypeTable; own: readonly number[] }[]): number {
  for (const { type, own } of groups) {
    if (type.allowed[i] === 0 || own.length <= window) continue;
    for (const bin of own) if (bins.fits(bin, i)) return bin;
  }
  return -1;
}

/** Lower is better: what the model costs there at the guide's prices, raised as the room runs out (even) or as room is left over (tight). */
function scorer(bins: Bins, type: TypeTable, guide: Guide, rule: Rule): (bin: number, i: number) => number {
  const { width } = bins;
  const { need, capacity } = type;
  const room = guide.room[type.index];
  // A small weight for dimensions that are worth nothing now, so that none fills up unseen.
  const weight = Float64Array.from({ length: width }, (_, a) => (room?.[a] ?? 0) + 0.03 * type.price);
  const inverse = Float64Array.from(capacity, (value) => (value > 0 ? 1 / value : 0));
  if (rule === 'even') {
    return (bin, i) => {
      let sum = 0;
      for (let a = 0; a < width; a++) {
        const take = (need[i * width + a] as number) * (inverse[a] as number);
        const left = bins.room(bin, a) * (inverse[a] as number) - take;
        sum += ((weight[a] as number) * take) / (0.08 + left);
      }
      return sum;
    };
  }
  return (bin, i) => {
    let spent = 0;
    let left = 0;
    for (let a = 0; a < width; a++) {
      const take = (need[i * width + a] as number) * (inverse[a] as number);
      spent += (weight[a] as number) * take;
      left += (weight[a] as number) * (bins.room(bin, a) * (inverse[a] as number) - take);
    }
    return 2 * spent + left / type.replicas;
  };
}

/**
 * Opens shards one at a time, each of the type that takes most worth of the models still left for its price, filled with
 * the models that suit its free room best.
 */
export function openShards(bins: Bins, left: readonly number[], guide: Guide): void {
  let rest = [...left].sort((a, b) => (guide.worth[b] as number) - (guide.worth[a] as number) || a - b);
  while (rest.length > 0) {
    let best: { type: TypeTable; taken: number[]; ratio: number } | null = null;
    for (const type of guide.types) {
      const taken = selection(bins, type, rest, guide);
      if (taken.length === 0) continue;
      let worth = 0;
      for (const i of taken) worth += guide.worth[i] as number;
      const price = Math.max(type.price, 1);
      // The last shard only has to hold what is left.
      const ratio = taken.length === rest.length ? 1e6 - price : worth / price;
      if (best === null || ratio > best.ratio) best = { type, taken, ratio };
    }
    if (best === null) throw new TypeError('a model fits no shard type');
    const bin = bins.open(best.type);
    for (const i of best.taken) bins.add(bin, i);
    const gone = new Set(best.taken);
    rest = rest.filter((i) => !gone.has(i));
  }
}

/** Greedy content of one empty shard: models in order of worth, largest first, then any that still fits. */
function selection(bins: Bins, type: TypeTable, rest: readonly number[], guide: Guide): number[] {
  const trial = bins.open(type);
  const taken: number[] = [];
  const later: number[] = [];
  // First those for which this type is the cheapest; a model of fewer replicas only fills up.
  const room = guide.room[type.index];
  for (const i of rest) {
    if (type.allowed[i] === 0) continue;
    if (room !== undefined && excess(type, room, i, guide) > 0.02) later.push(i);
    else if (bins.fits(trial, i)) {
      bins.add(trial, i);
      taken.push(i);
    }
  }
  for (const i of later) {
    if (!bins.fits(trial, i)) continue;
    bins.add(trial, i);
    taken.push(i);
  }
  for (const i of taken) bins.remove(i);
  bins.close(trial);
  return taken;
}

function excess(type: TypeTable, room: Float64Array, i: number, guide: Guide): number {
  const width = room.length;
  let sum = 0;
  for (let a = 0; a < width; a++) {
    const need = type.need[i * width + a] as number;
    if (need > 0) sum += ((room[a] as number) * need) / (type.capacity[a] as number);
  }
  const least = guide.worth[i] as number;
  return least === 0 ? 0 : sum / least - 1;
}
