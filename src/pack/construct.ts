import type { Bins } from './bins';
import { type Guide, worthOn } from './guide';
import type { TypeTable } from './shard-types';

/**
 * How a model chooses among shards: even use of all of them, the tightest, or even use of those of the type that it is
 * meant for (see {@link homesOf}).
 */
export type Rule = 'even' | 'tight' | 'apart';

/** More bins of one type than this are looked at a window at a time: smaller where models are very many. */
function windowFor(models: number): number {
  return models > 20_000 ? 16 : 48;
}

/** The bins of one type, and how to judge them. */
interface Group {
  readonly type: TypeTable;
  readonly own: readonly number[];
  /** By active dimension: care for room, and 1 / capacity. */
  readonly weight: Float64Array;
  readonly inverse: Float64Array;
  cursor: number;
}

/**
 * Puts each model of `order` into an open bin by `rule`; gives those that fit none. Priced by the guide: room in a
 * dimension that is worth more is spent with more care.
 */
export function fill(bins: Bins, order: Iterable<number>, guide: Guide, rule: Rule): number[] {
  const groups = groupsOf(bins, guide);
  const window = windowFor(bins.of.length);
  const left: number[] = [];
  const { first, end } = bins.types.numbers;
  const value = rule === 'tight' ? tightness : evenness;
  const homes = rule === 'apart' && groups.length > 1 ? homesOf(bins, groups, guide) : null;
  const atHome = (i: number, bin: number): boolean => {
    const home = homes === null ? -1 : (homes[i] as number);
    return home < 0 || groups[home]?.type === bins.type[bin];
  };
  const sets = new KnownSets(bins, atHome);
  const choose = (i: number, home: number): number => {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let g = 0; g < groups.length; g++) {
      const group = groups[g] as Group;
      const { type, own } = group;
      if (type.allowed[i] === 0 || (home >= 0 && g !== home)) continue;
      const steps = Math.min(window, own.length);
      let at = group.cursor;
      for (let k = 0; k < steps; k++) {
        const bin = own[at] as number;
        if (++at === own.length) at = 0;
        if (!bins.fits(bin, i)) continue;
        const cost = value(bins, group, bin, i);
        if (cost < least) {
          least = cost;
          best = bin;
        }
      }
      if (own.length > window) group.cursor = at;
    }
    return best;
  };
  for (const i of order) {
    const size = (end[i] as number) - (first[i] as number);
    if (size > 1 && bins.of[i] !== -1) continue;
    const home = homes === null ? -1 : (homes[i] as number);
    let best = choose(i, home);
    if (best < 0 && home >= 0) best = choose(i, -1);
    if (best < 0) best = anyFit(bins, i, groups, window);
    if (best < 0) left.push(i);
    else {
      bins.add(best, i);
      if (size > 1) sets.complete(i, best);
    }
  }
  return left;
}

/**
 * Which group of bins each piece is meant for, -1: any. Those to whom it matters most choose first, and each takes the type
 * where it costs least at the guide's prices while all bins of it together have room: as the fractional optimum does, which
 * judging full bins one by one does not.
 */
function homesOf(bins: Bins, groups: readonly Group[], guide: Guide): Int16Array {
  const { width } = bins;
  const n = bins.of.length;
  const costs = groups.map(({ type }) => {
    const room = Float64Array.from({ length: width }, (_, a) => {
      return (guide.room[type.index]?.[a] ?? 0) + 1e-3 * type.price;
    });
    return Float64Array.from({ length: n }, (_, i) =>
      type.allowed[i] === 0 ? Number.POSITIVE_INFINITY : worthOn(type, room, i),
    );
  });
  const regret = Float64Array.from({ length: n }, (_, i) => {
    let [least, second] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const cost of costs) {
      const own = cost[i] as number;
      if (own < least) [least, second] = [own, least];
      else if (own < second) second = own;
    }
    return second - least;
  });
  const left = groups.map(({ type, own }) => Float64Array.from(type.capacity, (capacity) => capacity * own.length));
  const homes = new Int16Array(n).fill(-1);
  const eager = Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => (regret[b] as number) - (regret[a] as number) || a - b,
  );
  for (const i of eager) {
    if (bins.of[i] !== -1) continue;
    let best = -1;
    for (let g = 0; g < groups.length; g++) {
      const cost = costs[g]?.[i] as number;
      if (cost === Number.POSITIVE_INFINITY || (best >= 0 && cost >= (costs[best]?.[i] as number))) continue;
      const { need } = (groups[g] as Group).type;
      const room = left[g] as Float64Array;
      let fits = true;
      for (let a = 0; a < width && fits; a++) fits = (need[i * width + a] as number) <= (room[a] as number);
      if (fits) best = g;
    }
    if (best < 0) continue;
    homes[i] = best;
    const { need } = (groups[best] as Group).type;
    const room = left[best] as Float64Array;
    for (let a = 0; a < width; a++) room[a] = (room[a] as number) - (need[i * width + a] as number);
  }
  return homes;
}

/**
 * The sets of bins that hold copies of one model together. The router has a cluster for each, so that a model joins a set
 * that is there already where it can.
 */
class KnownSets {
  /** By bin and size of the set: the other bins of each. */
  private readonly known = new Map<number, number[][]>();

  constructor(
    private readonly bins: Bins,
    private readonly atHome: (i: number, bin: number) => boolean,
  ) {}

  /** Piece `i` is in `bin`: puts all other copies of its model into the bins of a set with it, if one has room. */
  complete(i: number, bin: number): void {
    const { bins } = this;
    const { first, end } = bins.types.numbers;
    const from = first[i] as number;
    const to = end[i] as number;
    const placed: number[] = [];
    const rest: number[] = [];
    for (let j = from; j < to; j++) {
      if (bins.of[j] === -1) rest.push(j);
      else placed.push(bins.of[j] as number);
    }
    if (rest.length === 0) {
      this.note(placed);
      return;
    }
    if (placed.length > 1) return;
    let best: number[] | null = null;
    let most = -1;
    for (const others of this.known.get(bin * 64 + to - from) ?? []) {
      let room = Number.POSITIVE_INFINITY;
      for (const other of others)
        room = bins.fits(other, i) && this.atHome(i, other) ? Math.min(room, roominess(bins, other)) : -1;
      if (room > most) {
        most = room;
        best = others;
      }
    }
    if (best === null) return;
    rest.forEach((j, k) => {
      bins.add((best as number[])[k] as number, j);
    });
  }

  private note(set: readonly number[]): void {
    for (const bin of set) {
      const key = bin * 64 + set.length;
      const own = this.known.get(key) ?? [];
      const others = set.filter((other) => other !== bin);
      own.push(others);
      this.known.set(key, own);
    }
  }
}

/** The least free share of a bin's dimensions. */
function roominess(bins: Bins, bin: number): number {
  const type = bins.type[bin] as TypeTable;
  let least = 1;
  for (let a = 0; a < bins.width; a++) {
    const capacity = type.capacity[a] as number;
    if (capacity > 0) least = Math.min(least, bins.room(bin, a) / capacity);
  }
  return least;
}

function groupsOf(bins: Bins, guide: Guide): Group[] {
  const byType = new Map<TypeTable, number[]>();
  bins.type.forEach((type, bin) => {
    if (type === null) return;
    const group = byType.get(type);
    if (group === undefined) byType.set(type, [bin]);
    else group.push(bin);
  });
  return [...byType].map(([type, own]) => {
    const room = guide.room[type.index];
    return {
      type,
      own,
      // A small weight for dimensions that are worth nothing now, so that none fills up unseen.
      weight: Float64Array.from({ length: bins.width }, (_, a) => (room?.[a] ?? 0) + 0.03 * type.price),
      inverse: type.capacity.map((value) => (value > 0 ? 1 / value : 0)),
      cursor: 0,
    };
  });
}

function anyFit(bins: Bins, i: number, groups: readonly Group[], window: number): number {
  for (const { type, own } of groups) {
    if (type.allowed[i] === 0 || own.length <= window) continue;
    for (const bin of own) if (bins.fits(bin, i)) return bin;
  }
  return -1;
}

/** What the model costs there at the guide's prices, raised as the room runs out; lower is better. */
function evenness(bins: Bins, { type, weight, inverse }: Group, bin: number, i: number): number {
  const { width, free } = bins;
  let sum = 0;
  for (let a = 0; a < width; a++) {
    const scale = inverse[a] as number;
    const take = (type.need[i * width + a] as number) * scale;
    sum += ((weight[a] as number) * take) / (0.08 + (free[bin * width + a] as number) * scale - take);
  }
  return sum;
}

/** What the model costs there, and the room that it leaves over; lower is better. */
function tightness(bins: Bins, { type, weight, inverse }: Group, bin: number, i: number): number {
  const { width, free } = bins;
  let spent = 0;
  let left = 0;
  for (let a = 0; a < width; a++) {
    const scale = inverse[a] as number;
    const take = (type.need[i * width + a] as number) * scale;
    spent += (weight[a] as number) * take;
    left += (weight[a] as number) * ((free[bin * width + a] as number) * scale - take);
  }
  return 2 * spent + left / type.replicas;
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
