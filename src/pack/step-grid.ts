import { dimensions } from '../declare/capacity';
import type { Pool } from '../declare/fleet';
import { type ClassNumbers, demandOn } from './class-numbers';
import { at } from './dimensions';
import { heldOf } from './held';

const D = dimensions.length;

/** A kind of shard: so many replicas on pool `pool`. */
export interface ShardType {
  readonly pool: number;
  readonly replicas: number;
}

/** Sizes above which a model counts as big in one measure, and the grid that a pod's patterns of them are counted on. */
export interface StepGrid {
  readonly unit: number;
  /** Lower edge of each step, and the fewest replicas of a type that may hold it; by level, then ascending. */
  readonly edges: readonly number[];
  readonly levels: readonly number[];
  /** Models of each step. */
  readonly most: readonly number[];
  /** Room of each type in the same measure, and its replicas. */
  readonly rooms: readonly number[];
  readonly replicas: readonly number[];
}

export interface MemoryGrid extends StepGrid {
  readonly dimension: number;
}

/** The step of a size at a level of replicas; -1: it is not big. */
export function stepOf(grid: Pick<StepGrid, 'edges' | 'levels'>, level: number, size: number): number {
  const { edges, levels } = grid;
  // Edges of one level ascend, and most sizes are below the first.
  let step = -1;
  for (let j = 0; j < edges.length; j++) {
    if (levels[j] !== level) continue;
    if ((edges[j] as number) > size) break;
    step = j;
  }
  return step;
}

const gridUnits = 2000;
const mostSteps = 40;

/**
 * Steps in accelerator memory (or host memory without one); null: none big, or the pools measure sizes unlike. With
 * shard types the steps are kept apart by replicas.
 */
export function memoryGrid(numbers: ClassNumbers, shardTypes: readonly ShardType[] | null = null): MemoryGrid | null {
  const gpu = numbers.onAccelerator[0] as boolean;
  if (numbers.onAccelerator.some((value) => value !== gpu)) return null;
  const dimension = gpu ? at.accelerator : at.memory;
  const pools = shardTypes?.map(({ pool }) => pool) ?? numbers.pools.map((_, p) => p);
  const grid = stepGrid(
    numbers,
    (i) => demandOn(numbers, i, 0, dimension, 1),
    pools.map((p) => Math.max(0, numbers.capacity[p * D + dimension] as number)),
    shardTypes,
  );
  return grid === null ? null : { ...grid, dimension };
}

/** Steps in load, for shards of equal replicas: such a shard has its pods' accelerator time together. */
export function loadGrid(numbers: ClassNumbers, shardTypes: readonly ShardType[]): StepGrid | null {
  if (numbers.onAccelerator.includes(false)) return null;
  return stepGrid(
    numbers,
    (i) => dutyPart(numbers, i),
    shardTypes.map(
      ({ pool, replicas }) =>
        ((numbers.capacity[pool * D + at.duty] as number) * (numbers.pools[pool] as Pool).speedMilli * replicas) / 1000,
    ),
    shardTypes,
  );
}

/** Load on the accelerator at reference speed, before a shard's replicas share it. */
export function dutyPart(numbers: ClassNumbers, i: number): number {
  return (numbers.duty[i] as number) / (numbers.share[i] as number);
}

/** Steps for what is above 1/12 of the largest type. */
function stepGrid(
  numbers: ClassNumbers,
  sizeOf: (i: number) => number,
  rooms: readonly number[],
  shardTypes: readonly ShardType[] | null,
): StepGrid | null {
  const most = Math.max(...rooms);
  const unit = Math.max(1, Math.floor(most / gridUnits));
  const byLevel = new Map<number, number[]>();
  const { copies } = heldOf(numbers);
  for (let i = 0; i < numbers.pieces.length; i++) {
    const size = sizeOf(i);
    if (size * 12 <= most || copies[i] === 0) continue;
    const level = shardTypes === null ? 0 : (numbers.replicas[i] as number);
    const sizes = byLevel.get(level);
    if (sizes === undefined) byLevel.set(level, [size]);
    else sizes.push(size);
  }
  if (byLevel.size === 0) return null;
  const each = Math.ceil(mostSteps / byLevel.size);
  const steps = [...byLevel]
    .sort(([a], [b]) => a - b)
    .flatMap(([level, sizes]) => levelSteps(level, sizes, unit, each));
  return {
    unit,
    edges: steps.map((step) => step.edge),
    levels: steps.map((step) => step.level),
    most: steps.map((step) => step.count),
    rooms,
    replicas: shardTypes?.map((type) => type.replicas) ?? rooms.map(() => 1),
  };
}

/** A step starts at its least size; more distinct ones than `limit` are thinned to quantiles. */
function levelSteps(
  level: number,
  all: readonly number[],
  unit: number,
  limit: number,
): { level: number; edge: number; count: number }[] {
  const sizes = Float64Array.from(all).sort();
  const first: number[] = [];
  let last = -1;
  for (const size of sizes) {
    const units = Math.floor(size / unit);
    if (units !== last) first.push(size);
    last = units;
  }
  const stride = Math.max(1, Math.ceil(first.length / limit));
  const steps = first.filter((_, k) => k % stride === 0).map((edge) => ({ level, edge, count: 0 }));
  let at = 0;
  for (const size of sizes) {
    while (at + 1 < steps.length && (steps[at + 1]?.edge as number) <= size) at++;
    (steps[at] as { count: number }).count++;
  }
  return steps;
}
