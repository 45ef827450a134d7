import { dimensions } from '../declare/capacity';
import { Bundles } from './bundles';
import { type ClassNumbers, demandOn } from './class-numbers';
import type { FluidProblem } from './fluid';
import { heldOf, loadDimension, loadOn } from './held';
import { dutyPart, loadGrid, type MemoryGrid, memoryGrid, type ShardType, stepOf } from './step-grid';

const D = dimensions.length;

/** Bound for any layout: a copy takes all its sizes wherever it is; the load is somewhere where a copy is. */
export function copiesProblem(numbers: ClassNumbers, grid: MemoryGrid | null): FluidProblem {
  const types = numbers.pools.length;
  const bundles = new Bundles(types, numbers.pieces.length, grid === null ? 0 : 1);
  const { share, allowed, steps, key } = bundles.entry;
  const { by, copies } = heldOf(numbers);
  for (let i = 0; i < numbers.pieces.length; i++) {
    const own = copies[i] as number;
    if (own === 0) continue;
    if (grid !== null) steps[0] = stepOf(grid, 0, demandOn(numbers, i, 0, grid.dimension, 1));
    setSizes(numbers, i, key);
    for (let p = 0; p < types; p++) {
      allowed[p] = by[i * types + p] as number;
      for (let d = 0; d < D; d++) {
        if (!loadDimension(d)) setShare(share, p * D + d, numbers, allowed[p] === 1, demandOn(numbers, i, p, d, 1));
      }
    }
    const load = (loaded: boolean): void => {
      key[3] = loaded ? (numbers.duty[i] as number) : 0;
      key[4] = loaded ? (numbers.cpu[i] as number) : 0;
      for (let p = 0; p < types; p++) {
        for (let d = 0; d < D; d++) {
          if (!loadDimension(d)) continue;
          setShare(share, p * D + d, numbers, allowed[p] === 1, loaded ? loadOn(numbers, i, p, d) : 0);
        }
      }
    };
    load(true);
    bundles.add(0, 1);
    if (own === 1) continue;
    load(false);
    bundles.add(1, own - 1);
  }
  return bundles.problem(grid === null ? [] : [grid], numbers.price);
}

function setSizes(numbers: ClassNumbers, i: number, key: Float64Array): void {
  key[0] = numbers.accelerator[i] as number;
  key[1] = numbers.memory[i] as number;
  key[2] = numbers.disk[i] as number;
}

/** `at`: as the capacities of `numbers` stand, by pool and dimension. */
function setShare(share: Float64Array, at: number, numbers: ClassNumbers, allowed: boolean, demand: number): void {
  share[at] = allowed ? (demand === 0 ? 0 : demand / (numbers.capacity[at] as number)) : Number.NaN;
}

/** Shards of equal replicas: a model of r copies goes to a type of at least r. */
export function shardsProblem(
  numbers: ClassNumbers,
  shardTypes: readonly (ShardType & { readonly allowed: Uint8Array })[],
): { readonly problem: FluidProblem; readonly stepsOf: (i: number, steps: Int32Array) => void } {
  const types = shardTypes.length;
  const memory = memoryGrid(numbers, shardTypes);
  const load = loadGrid(numbers, shardTypes);
  const grids = [memory, load].filter((grid) => grid !== null);
  const stepsOf = (i: number, steps: Int32Array): void => {
    const level = numbers.replicas[i] as number;
    if (memory !== null) steps[0] = stepOf(memory, level, demandOn(numbers, i, 0, memory.dimension, 1));
    if (load !== null) steps[grids.length - 1] = stepOf(load, level, dutyPart(numbers, i));
  };
  const bundles = new Bundles(types, numbers.pieces.length, grids.length);
  const { share, allowed, steps, key } = bundles.entry;
  for (let i = 0; i < numbers.pieces.length; i++) {
    for (let t = 0; t < types; t++) {
      const { pool, replicas, allowed: holds } = shardTypes[t] as (typeof shardTypes)[number];
      const may = holds[i] as number;
      allowed[t] = may;
      for (let d = 0; d < D; d++) {
        const demand = demandOn(numbers, i, pool, d, replicas);
        share[t * D + d] =
          may === 0 ? Number.NaN : demand === 0 ? 0 : demand / (numbers.capacity[pool * D + d] as number);
      }
    }
    setSizes(numbers, i, key);
    key[3] = dutyPart(numbers, i);
    key[4] = (numbers.cpu[i] as number) / (numbers.share[i] as number);
    stepsOf(i, steps);
    bundles.add(0, 1);
  }
  const price = shardTypes.map(({ pool, replicas }) => (numbers.price[pool] as number) * replicas);
  return { problem: bundles.problem(grids, price), stepsOf };
}

export function fitsAlone(numbers: ClassNumbers, i: number, pool: number, replicas: number): boolean {
  if ((numbers.replicas[i] as number) > replicas) return false;
  for (let d = 0; d < D; d++)
    if (demandOn(numbers, i, pool, d, replicas) > (numbers.capacity[pool * D + d] as number)) return false;
  return true;
}
