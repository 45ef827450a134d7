import { Bins } from './bins';
import type { ClassContext } from './class-context';
import { fill, openShards } from './construct';
import type { Way } from './fleets';
import type { Guide } from './guide';
import type { Effort } from './packing';
import type { ShardTypes } from './shard-types';

/** A fleet that was filled once. */
export interface Start {
  readonly bins: Bins;
  readonly cost: number;
  /** Pieces that it had no room for, before more shards were opened. */
  readonly rest: number;
}

/** What is added to the fractional number of shards before rounding down, and which way they are filled. */
const fewStarts = [
  [0.5, 0],
  [0, 1],
  [1, 0],
  [0.5, 1],
  [0.5, 5],
] as const;
const manyStarts = [
  [0.5, 1],
  [0, 1],
  [0.5, 5],
] as const;
const hugeStarts = [
  [0.5, 1],
  [0.5, 5],
] as const;
/** Above this, pieces are too many for tight filling, which looks at few of the shards. */
export const manyPieces = 3000;
const hugePieces = 20_000;

/** Larger fleets are tried between the fractional optimum and the cheapest start until they are so near, in so many steps. */
const wasteful = 0.012;
const mostSteps = 6;
const waysBetween = [1, 5] as const;

/**
 * Fleets at the fractional optimum and a little above it, filled in several ways while `left` is positive: first those that
 * held nearly everything, as they have room for a search, and of these the cheapest.
 */
export function fillStarts(
  context: ClassContext,
  types: ShardTypes,
  guide: Guide,
  ways: readonly Way[],
  left: () => number,
  spend: (work: number) => void,
): Start[] {
  const starts: Start[] = [];
  const pieces = types.numbers.pieces.length;
  // With one type of shard all pieces are meant for it.
  const useful = (way: Way) => guide.types.length > 1 || way.rule !== 'apart';
  const start = (times: number, share: number, { order, rule }: Way): number => {
    const bins = new Bins(types, context.hasConflicts);
    guide.types.forEach((type, t) => {
      for (let k = Math.floor((guide.units[t] as number) * times + share); k > 0; k--) bins.open(type);
    });
    const rest = fill(bins, order, guide, rule);
    openShards(bins, rest, guide);
    // A search must not move pieces into shards that cost nothing only while they are empty.
    bins.members.forEach((members, bin) => {
      if (members.length === 0) bins.retype(bin, null);
    });
    spend(bins.work);
    bins.work = 0;
    starts.push({ bins, cost: bins.cost().cost, rest: rest.length });
    return rest.length;
  };
  for (const [share, at] of startsFor(pieces, context.effort)) {
    const way = ways[at] as Way;
    if (starts.length === 0 || (left() > 0 && useful(way))) start(1, share, way);
  }
  // Two dimensions that are scarce alike leave some of both: rather a few shards more than leftovers by themselves.
  let low = 1;
  let high = Math.min(...starts.map(({ cost }) => cost)) / guide.cost;
  const between = waysBetween.map((at) => ways[at] as Way).filter(useful);
  for (let step = 0; step < mostSteps && left() > 0 && high - low > wasteful; step++) {
    const middle = (low + high) / 2;
    if (between.some((way) => start(middle, 0.5, way) === 0)) high = middle;
    else low = middle;
  }
  const held = ({ rest }: Start) => rest <= pieces / 200;
  return starts.sort((a, b) => Number(held(b)) - Number(held(a)) || a.cost - b.cost);
}

function startsFor(pieces: number, effort: Effort): readonly (readonly [number, number])[] {
  const own = pieces <= manyPieces ? fewStarts : pieces > hugePieces ? hugeStarts : manyStarts;
  return effort === 'max'
    ? [...own, ...fewStarts.filter((start) => !own.some((other) => other.join() === start.join()))]
    : own;
}
