import { dimensions } from '../declare/capacity';
import { solveFluid } from './fluid';
import { shardsProblem } from './fluid-problems';
import type { ShardTypes, TypeTable } from './shard-types';

const D = dimensions.length;

/** What the fractional optimum says: which shards to buy, and what room in each dimension of each is worth. */
export interface Guide {
  readonly types: readonly TypeTable[];
  /** Shards of each type, fractional. */
  readonly units: readonly number[];
  /** Cost of the fractional optimum: no packing into such shards is cheaper. */
  readonly cost: number;
  /** By model: the least its demand is worth on any type. */
  readonly worth: Float64Array;
  /** Worth of each active dimension's room, by TypeTable.index. */
  readonly room: readonly Float64Array[];
}

const mostLevels = 6;

/** Types for every pool at the replica levels that the models ask for, thinned to a few. */
export function usefulTypes(types: ShardTypes, needed: (i: number, p: number) => number): TypeTable[] {
  const { numbers } = types;
  const found: TypeTable[] = [];
  for (let p = 0; p < numbers.pools.length; p++) {
    const counts = new Map<number, number>();
    for (let i = 0; i < numbers.pieces.length; i++) {
      const replicas = needed(i, p);
      if (replicas > 0) counts.set(replicas, (counts.get(replicas) ?? 0) + 1);
    }
    let levels = [...counts.keys()].sort((a, b) => a - b);
    if (levels.length > mostLevels) {
      const top = levels[levels.length - 1] as number;
      const common = levels
        .filter((level) => level !== top)
        .sort((a, b) => (counts.get(b) as number) - (counts.get(a) as number) || a - b);
      levels = [...common.slice(0, mostLevels - 1), top].sort((a, b) => a - b);
    }
    for (const level of levels) found.push(types.get(p, level));
  }
  return found;
}

export function makeGuide(types: ShardTypes, useful: readonly TypeTable[]): Guide {
  const { numbers } = types;
  const { problem, stepsOf } = shardsProblem(numbers, useful);
  const fluid = solveFluid(problem, { rounds: 60, tolerance: 2e-3 });
  const room: Float64Array[] = [];
  useful.forEach((type, t) => {
    const own = new Float64Array(types.dimensions.length);
    types.dimensions.forEach((d, a) => {
      own[a] = fluid.weights.weight[t * D + d] as number;
    });
    room[type.index] = own;
  });
  const n = numbers.pieces.length;
  const worth = new Float64Array(n);
  const steps = new Int32Array(problem.steps.length);
  for (let i = 0; i < n; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (const type of useful) {
      if (type.allowed[i] === 0) continue;
      least = Math.min(least, worthOn(type, room[type.index] as Float64Array, i));
    }
    // A big model's step counts too: what it takes from the patterns of other big ones.
    stepsOf(i, steps);
    for (let f = 0; f < steps.length; f++)
      if ((steps[f] as number) >= 0) least += fluid.weights.stepValue[f]?.[steps[f] as number] as number;
    worth[i] = Number.isFinite(least) ? least : 0;
  }
  return { types: useful, units: [...fluid.units], cost: fluid.weights.value, worth, room };
}

export function worthOn(type: TypeTable, room: Float64Array, i: number): number {
  const width = room.length;
  let sum = 0;
  for (let a = 0; a < width; a++) {
    const need = type.need[i * width + a] as number;
    if (need > 0) sum += ((room[a] as number) * need) / (type.capacity[a] as number);
  }
  return sum;
}
