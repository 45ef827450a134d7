import type { Model, Pool } from '../declare/fleet';
import { Bins } from './bins';
import type { ClassContext } from './class-context';
import { type ClassNumbers, classNumbers } from './class-numbers';
import { completeShards } from './complete';
import { tailOfBins } from './exact/tail-of-bins';
import { levelDemands, supplements, tryFleet, volumeFits, type Way } from './fleets';
import { fitsAlone } from './fluid-problems';
import { type Guide, makeGuide, usefulTypes } from './guide';
import { improve } from './improve';
import { placeOneByOne, simpleWays } from './one-number';
import type { Piece } from './pieces';
import { maxReplicas } from './replicas';
import { ShardTypes, type TypeTable } from './shard-types';
import { fillStarts, manyPieces } from './starts';

/** A shard as it comes out of packing. */
export interface PackedShard {
  /** Its id in the lockfile; null: new. */
  readonly id: string | null;
  readonly pool: Pool;
  readonly replicas: number;
  readonly models: readonly Model[];
}

/** What packing a class came to. */
export interface ClassPacking {
  /** At the prices that it was packed for. */
  readonly cost: number;
  readonly pods: number;
  readonly shards: () => PackedShard[];
  /** The same, or cheaper, after a longer search where few models fit a pod. */
  readonly refined: () => PackedShard[];
}

/**
 * Classes of so many pieces, in all and a pod, are searched for longer. Sets of pieces looked at, and bins looked at, each
 * by piece and at most for one class.
 */
const efforts = {
  default: { tail: 4000, mostTail: 4_000_000, fill: 1000, mostFill: 60_000_000 },
  max: { tail: 60_000, mostTail: 60_000_000, fill: 8000, mostFill: 480_000_000 },
} as const;
const mostForTail = 3000;
const mostEachForTail = 16;

const mostForCompletion = 3000;
const mostEachForCompletion = 24;
const mostForSimple = 2000;
/** Of many pieces: how many starts a local search begins from, and how much dearer than the best packing one may be. */
const mostSearched = 3;
const hopeless = 1.05;

/** One way to cut a class into pieces: what it would cost at least, and its packing. */
export interface ClassTrial {
  readonly least: number;
  readonly pack: () => ClassPacking;
}

/** Packs models of one class into new shards. `scarcity`: see classNumbers. */
export function tryClass(
  context: ClassContext,
  pieces: readonly Piece[],
  scarcity: ReadonlyMap<string, number> = new Map(),
): ClassTrial {
  const numbers = classNumbers(context, pieces, scarcity);
  const types = new ShardTypes(numbers);
  const useful = usefulTypes(types, (i, p) => replicasFor(numbers, i, p));
  const simple = fewestShards(context, types, useful);
  if (simple !== null) {
    const shards = () => shardsOf(context, simple);
    const packed = { ...simple.cost(), shards, refined: shards };
    return { least: packed.cost, pack: () => packed };
  }
  const guide = makeGuide(types, useful);
  return { least: guide.cost, pack: () => packGuided(context, types, useful, guide, scarcity.size > 0) };
}

/**
 * The fractional optimum says which shards to buy; several ways of filling them, a local search and a search over small
 * changes of the fleet each give a packing, and the cheapest stays.
 */
function packGuided(
  context: ClassContext,
  types: ShardTypes,
  useful: readonly TypeTable[],
  guide: Guide,
  scarce: boolean,
): ClassPacking {
  const { numbers } = types;
  const { pieces } = numbers;
  const effort = efforts[context.effort];
  const packed = (bins: Bins, tail = () => bins): ClassPacking => ({
    ...bins.cost(),
    shards: () => shardsOf(context, bins),
    refined: () => shardsOf(context, tail()),
  });
  const ways = waysOf(numbers, useful, guide);
  const best = new Best();
  const few = pieces.length <= manyPieces;
  let left = ((few ? 2 : 1) * Math.min(effort.mostFill, 20_000 + pieces.length * effort.fill)) / (scarce ? 4 : 1);
  const spend = (work: number): void => {
    left -= work;
  };
  const cheaper = [...useful].sort((a, b) => a.price - b.price || a.replicas - b.replicas);
  const offer = (bins: Bins): void => {
    improve(bins, guide, cheaper, Math.max(0, left / 3));
    spend(bins.work);
    best.offer(bins);
  };
  // All are filled before the best of them are searched: a search costs as much as many fillings.
  const starts = fillStarts(context, types, guide, ways, () => left, spend);
  for (const { bins } of starts) best.offer(bins);
  for (const { bins, cost } of few ? starts : starts.slice(0, mostSearched))
    if (left > 0 && (few || cost < best.cost * hopeless)) offer(bins);
  // Where few models fill a shard, which of them go together decides.
  const shards = (best.bins as Bins).type.filter((type) => type !== null).length;
  const settled = () => nothingBetween(guide, best.cost);
  if (!scarce && !settled() && pieces.length <= mostForCompletion && pieces.length <= mostEachForCompletion * shards) {
    const all = Array.from({ length: pieces.length }, (_, i) => i);
    const nodes = Math.max(200, Math.floor((20_000 + pieces.length * 1000) / (shards * useful.length)));
    for (const fullness of [0, 0.05]) {
      const bins = new Bins(types, context.hasConflicts);
      completeShards(bins, all, guide, nodes, fullness);
      offer(bins);
    }
  }
  if (!scarce && !settled() && pieces.length <= mostForSimple) {
    const copies = replicasTable(numbers);
    for (let main = 0; main < numbers.pools.length; main++) {
      for (const way of simpleWays) {
        const bins = placeOneByOne(types, context.hasConflicts, main, way, copies);
        improve(bins, guide, cheaper, pieces.length * 200);
        best.offer(bins);
      }
    }
  }
  searchFleets(context, types, guide, ways, best, () => left, spend);
  const chosen = best.bins as Bins;
  const searchable = pieces.length <= mostForTail && pieces.length <= mostEachForTail * best.pods;
  if (scarce || !searchable || settled()) return packed(chosen);
  return packed(chosen, () => {
    const floor = useful.length === 1 ? volumeFloor(useful[0] as TypeTable, pieces.length) : guide.cost * (1 - 1e-9);
    // With one type the search ends as soon as it has no bin too many.
    const longer = useful.length === 1 ? 6 : 1;
    const work = longer * Math.min(effort.mostTail, effort.tail * pieces.length);
    return tailOfBins(chosen, useful, context.hasConflicts, floor, work);
  });
}

class Best {
  bins: Bins | null = null;
  cost = Number.POSITIVE_INFINITY;
  pods = 0;

  offer(bins: Bins): void {
    const { cost, pods } = bins.cost();
    if (cost >= this.cost) return;
    this.bins = bins;
    this.cost = cost;
    this.pods = pods;
  }
}

/** Is there no fleet between the fractional optimum and `cost`? Told for small classes only. */
function nothingBetween(guide: Guide, cost: number): boolean {
  if (cost >= 12 * Math.min(...guide.types.map((type) => type.price))) return false;
  return supplements(guide.types, guide.cost * (1 - 1e-9), cost, 200).length === 0;
}

/** Tries fleets near the fractional optimum that would be cheaper than the best so far, cheapest first. */
function searchFleets(
  context: ClassContext,
  types: ShardTypes,
  guide: Guide,
  ways: readonly Way[],
  best: Best,
  left: () => number,
  spend: (work: number) => void,
): void {
  const base: TypeTable[] = [];
  let price = 0;
  const small = best.cost < 12 * Math.min(...guide.types.map((type) => type.price));
  if (!small) {
    guide.types.forEach((type, t) => {
      for (let k = Math.floor((guide.units[t] as number) - 0.5); k > 0; k--) {
        base.push(type);
        price += type.price;
      }
    });
  }
  const levels = levelDemands(guide.types, types.numbers.pieces.length, types.dimensions.length);
  for (const extra of supplements(
    guide.types,
    guide.cost * (1 - 1e-9) - price,
    best.cost - price,
    small ? 1000 : 100,
  )) {
    if (left() < 0) return;
    const fleet = [...base, ...extra];
    spend(fleet.length);
    if (!volumeFits(levels, fleet)) continue;
    const bins = tryFleet(types, context.hasConflicts, fleet, ways, guide, spend);
    if (bins === null) continue;
    best.offer(bins);
    return;
  }
}

/**
 * As few shards as the copies of one model ask for, all of the cheapest type, where they hold everything and no packing
 * can be cheaper: most small groups end here.
 */
function fewestShards(context: ClassContext, types: ShardTypes, useful: readonly TypeTable[]): Bins | null {
  const { numbers } = types;
  const n = numbers.pieces.length;
  let least = 0;
  let count = 1;
  for (let i = 0; i < n; i++) {
    let cheapest = Number.POSITIVE_INFINITY;
    for (const type of useful) if (type.allowed[i] !== 0) cheapest = Math.min(cheapest, type.price);
    const own = (numbers.end[i] as number) - (numbers.first[i] as number);
    least = Math.max(least, cheapest * own);
    count = Math.max(count, own);
  }
  for (const type of useful) {
    if (type.price * count > least) continue;
    const bins = new Bins(types, context.hasConflicts);
    for (let k = 0; k < count; k++) bins.open(type);
    let i = 0;
    for (; i < n; i++) {
      let bin = 0;
      while (bin < count && !bins.fits(bin, i)) bin++;
      if (bin === count) break;
      bins.add(bin, i);
    }
    if (i === n) return bins;
  }
  return null;
}

function waysOf(numbers: ClassNumbers, useful: readonly TypeTable[], guide: Guide): Way[] {
  const n = numbers.pieces.length;
  const level = new Int32Array(n);
  const bulk = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let least = maxReplicas;
    let share = 1;
    for (const type of useful) {
      if (type.allowed[i] === 0) continue;
      least = Math.min(least, Math.max(type.replicas, (numbers.end[i] as number) - (numbers.first[i] as number)));
      let most = 0;
      for (let a = 0; a < type.capacity.length; a++) {
        const capacity = type.capacity[a] as number;
        if (capacity > 0) most = Math.max(most, (type.need[i * type.capacity.length + a] as number) / capacity);
      }
      share = Math.min(share, most);
    }
    level[i] = least;
    bulk[i] = share;
  }
  const all = Array.from({ length: n }, (_, i) => i);
  const by = (key: ArrayLike<number>, levels: boolean) =>
    [...all].sort(
      (a, b) =>
        (levels ? (level[b] as number) - (level[a] as number) : 0) || (key[b] as number) - (key[a] as number) || a - b,
    );
  const worth = by(guide.worth, true);
  const size = by(bulk, true);
  return [
    { order: worth, rule: 'tight' },
    { order: worth, rule: 'even' },
    { order: size, rule: 'tight' },
    { order: size, rule: 'even' },
    { order: by(bulk, false), rule: 'tight' },
    { order: worth, rule: 'apart' },
    { order: size, rule: 'apart' },
  ];
}

function replicasTable(numbers: ClassNumbers): (i: number, p: number) => number {
  const pools = numbers.pools.length;
  const table = new Int32Array(numbers.pieces.length * pools).fill(-1);
  return (i, p) => {
    if ((table[i * pools + p] as number) < 0) table[i * pools + p] = replicasFor(numbers, i, p);
    return table[i * pools + p] as number;
  };
}

/** Fewest replicas of a shard on pool `p` that can hold the piece alone; 0: none. */
export function replicasFor(numbers: ClassNumbers, i: number, p: number): number {
  if (numbers.pieces[i]?.copies !== 0) return fitsAlone(numbers, i, p, 1) ? 1 : 0;
  for (let replicas = numbers.replicas[i] as number; replicas <= maxReplicas; replicas++)
    if (fitsAlone(numbers, i, p, replicas)) return replicas;
  return 0;
}

function shardsOf(context: ClassContext, bins: Bins): PackedShard[] {
  const { pieces } = bins.types.numbers;
  const shards: PackedShard[] = [];
  bins.type.forEach((type, bin) => {
    const members = bins.members[bin] as number[];
    if (type === null || members.length === 0) return;
    shards.push({
      id: null,
      pool: context.pools[type.pool] as Pool,
      replicas: type.replicas,
      models: members.map((i) => (pieces[i] as Piece).model),
    });
  });
  return shards;
}

/** Price of whole bins of one type by the volume in single dimensions: no packing costs less. */
function volumeFloor(type: TypeTable, count: number): number {
  const width = type.capacity.length;
  let most = 0;
  for (let a = 0; a < width; a++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += type.need[i * width + a] as number;
    most = Math.max(most, Math.ceil(sum / (type.capacity[a] as number)));
  }
  return most * type.price;
}
