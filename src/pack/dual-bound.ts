import { type Dimension, dimensions } from '../declare/capacity';
import type { ClassContext } from './class-context';
import { type ClassNumbers, classNumbers, demandOn } from './class-numbers';
import { type Cover, type CoverRow, leastCover } from './covering';
import { type FluidWeights, KnownColumns, solveFluid } from './fluid';
import { copiesProblem } from './fluid-problems';
import { heldOf, loadAmount, loadDimension, loadRoom } from './held';
import type { PackedShard } from './pack-class';
import type { DualCertificate, DualClassBound, PoolWeights, Weighting } from './packing';
import { type MemoryGrid, memoryGrid, stepOf } from './step-grid';

const D = dimensions.length;

/** What the largest pod is worth: weights are whole numbers of about this size. */
const fineness = 1_000_000_000;
const mostCuts = 8;
/** Above so many pods, rounding to whole pods no longer matters much. */
const fewPods = 40;

/** Bounds of all classes; `packed` is what their packing takes. */
export function dualBound(packed: ReadonlyMap<ClassContext, readonly PackedShard[]>): DualCertificate {
  const classes = [...packed].map(([context, shards]) =>
    dualClassBound(context, {
      pods: shards.reduce((sum, shard) => sum + shard.replicas, 0),
      cost: shards.reduce((sum, shard) => sum + shard.replicas * shard.pool.podPriceMicrosPerHour, 0),
    }),
  );
  return {
    method: 'dual',
    classes,
    pods: classes.reduce((sum, bound) => sum + bound.pods, 0),
    podCostMicrosPerHour: classes.reduce((sum, bound) => sum + bound.podCostMicrosPerHour, 0),
  };
}

interface Found {
  readonly pods: number;
  readonly cost: number;
}

/**
 * A bound for any layout of the class's copies. `found`: what a packing of it takes; where a cheap argument already
 * proves that to be the least, no other is looked for.
 */
function dualClassBound(context: ClassContext, found: Found): DualClassBound {
  const numbers = classNumbers(
    context,
    context.sharing.models.map((model) => ({ model, copies: 0 })),
  );
  const price = context.pools.map((pool) => pool.podPriceMicrosPerHour);
  const ones = price.map(() => 1);
  const own = replicaRows(numbers);
  const rows: CoverRow[] = [...own];
  const weightings: Weighting[] = [];
  let cost: Cover = leastCover(price, rows);
  let pods: Cover = leastCover(ones, rows);
  const byReplicas = { cost: cost.cost, pods: pods.cost };
  const done = () => cost.cost >= found.cost && pods.cost >= found.pods;
  const bound = (): DualClassBound => ({
    class: context.sharing.key,
    models: context.sharing.models.length,
    pods: pods.cost,
    podCostMicrosPerHour: cost.cost,
    podsBy: pods.cost > byReplicas.pods ? 'weights' : 'replicas',
    costBy: cost.cost > byReplicas.cost ? 'weights' : 'replicas',
    weightings,
  });
  if (done()) return bound();
  const grid = memoryGrid(numbers);
  const problem = copiesProblem(numbers, grid);
  const add = (weights: FluidWeights): boolean => {
    const made = weighting(numbers, grid, weights);
    if (made.value === 0) return false;
    rows.push(rowOf(made));
    const nextCost = leastCover(price, rows);
    const nextPods = leastCover(ones, rows);
    // Where the search over many rows is cut short it may prove less than before.
    const worse = nextCost.cost < cost.cost || nextPods.cost < pods.cost;
    const better = nextCost.cost > cost.cost || nextPods.cost > pods.cost;
    if (worse || !(better || differs(nextCost, cost) || differs(nextPods, pods))) {
      rows.pop();
      return false;
    }
    weightings.push(made);
    cost = nextCost;
    pods = nextPods;
    return true;
  };
  const effort = { rounds: 100, tolerance: 5e-4 };
  const known = new KnownColumns();
  const priced = price.some((value) => value > 0);
  if (!done() && priced) add(solveFluid(problem, effort, null, known).weights);
  // Where all pools cost the same, the weights are the same, too.
  if (!done() && !(priced && new Set(price).size === 1))
    add(solveFluid({ ...problem, price: ones }, effort, null, known).weights);
  for (const which of ['cost', 'pods'] as const) {
    for (let cut = 0; cut < mostCuts && pods.cost <= fewPods; cut++) {
      const cover = which === 'cost' ? cost : pods;
      if (cover.pods === null || cover.cost >= (which === 'cost' ? found.cost : found.pods)) break;
      const { weights } = solveFluid(problem, effort, cover.pods, known);
      if (weights.value <= 1 + 1e-6 || !add(weights)) break;
    }
  }
  prune(weightings, price, own, cost.cost, pods.cost);
  return bound();
}

/** Drops weightings that the two figures do not need, the oldest first. */
function prune(weightings: Weighting[], price: readonly number[], own: CoverRow[], cost: number, pods: number): void {
  const ones = price.map(() => 1);
  for (let k = 0; k < weightings.length; ) {
    const rows = [...own, ...weightings.filter((_, other) => other !== k).map(rowOf)];
    if (leastCover(price, rows).cost >= cost && leastCover(ones, rows).cost >= pods) weightings.splice(k, 1);
    else k++;
  }
}

function rowOf({ pools, value }: Weighting): CoverRow {
  return { by: pools.map((pool) => pool.full), need: value };
}

function differs(a: Cover, b: Cover): boolean {
  return a.pods !== null && b.pods !== null && a.pods.join() !== b.pods.join();
}

/** A model of k copies that only some pools can hold needs k pods of those. */
function replicaRows(numbers: ClassNumbers): CoverRow[] {
  const { by, copies } = heldOf(numbers);
  const pools = numbers.pools.length;
  const rows: { readonly by: number[]; need: number }[] = [];
  for (let i = 0; i < numbers.pieces.length; i++) {
    const need = copies[i] as number;
    if (need === 0) continue;
    const from = i * pools;
    const row = rows.find((other) => other.by.every((holds, p) => holds === by[from + p]));
    if (row === undefined) rows.push({ by: Array.from(by.subarray(from, from + pools)), need });
    else if (need > row.need) row.need = need;
  }
  return rows;
}

/** Whole weights from fractional ones, rounded down, and what they prove, exactly. */
function weighting(numbers: ClassNumbers, grid: MemoryGrid | null, weights: FluidWeights): Weighting {
  const scale = fineness / Math.max(...weights.podValue);
  const whole = (value: number) => Math.max(0, Math.floor(value * scale));
  const stepValue = weights.stepValue[0];
  const steps =
    grid === null || stepValue === undefined || !stepValue.some((value) => whole(value) > 0)
      ? null
      : {
          dimension: dimensions[grid.dimension] as Dimension,
          steps: grid.edges.map((from, j) => ({ from, value: whole(stepValue[j] as number) })),
        };
  const byPool = numbers.pools.map((pool, p): PoolWeights => {
    const own: Partial<Record<Dimension, number>> = {};
    let full = 0;
    dimensions.forEach((dimension, d) => {
      const weight = (numbers.capacity[p * D + d] as number) > 0 ? whole(weights.weight[p * D + d] as number) : 0;
      if (weight > 0) own[dimension] = weight;
      full += weight;
    });
    if (grid !== null && steps !== null)
      full += fullestSteps(
        grid,
        p,
        steps.steps.map(({ value }) => value),
      );
    return { pool: pool.name, weights: own, full };
  });
  const bare = { pools: byPool, steps };
  return { ...bare, value: totalWorth(numbers, grid, bare) };
}

/** The most that steps in one pod of pool `p` are worth together: bounded knapsack on the grid. */
function fullestSteps(grid: MemoryGrid, p: number, values: readonly number[]): number {
  const room = Math.floor((grid.rooms[p] as number) / grid.unit);
  const best = new Float64Array(room + 1);
  values.forEach((value, j) => {
    if (value === 0) return;
    const size = Math.floor((grid.edges[j] as number) / grid.unit);
    let left = grid.most[j] as number;
    for (let copies = 1; left > 0; copies *= 2) {
      const count = Math.min(copies, left);
      left -= count;
      const weight = size * count;
      for (let space = room; space >= weight; space--)
        best[space] = Math.max(best[space] as number, (best[space - weight] as number) + value * count);
    }
  });
  return best[room] as number;
}

function totalWorth(numbers: ClassNumbers, grid: MemoryGrid | null, made: Omit<Weighting, 'value'>): number {
  const pools = numbers.pools.length;
  const weights = Float64Array.from(made.pools.flatMap((pool) => dimensions.map((d) => pool.weights[d] ?? 0)));
  const { by, copies } = heldOf(numbers);
  let total = 0;
  for (let i = 0; i < numbers.pieces.length; i++) {
    const own = copies[i] as number;
    if (own === 0) continue;
    let loaded = Number.POSITIVE_INFINITY;
    let idle = Number.POSITIVE_INFINITY;
    for (let p = 0; p < pools; p++) {
      if (by[i * pools + p] === 0) continue;
      let sizes = 0;
      let load = 0;
      for (let d = 0; d < D; d++) {
        const weight = weights[p * D + d] as number;
        if (weight === 0) continue;
        if (loadDimension(d)) load += partOf(loadAmount(numbers, i, p, d), weight, loadRoom(numbers, i, p, d));
        else sizes += partOf(demandOn(numbers, i, p, d, 1), weight, numbers.capacity[p * D + d] as number);
      }
      loaded = Math.min(loaded, sizes + load);
      idle = Math.min(idle, sizes);
    }
    // The pools measure a step's size alike.
    const step =
      grid === null || made.steps === null ? -1 : stepOf(grid, 0, demandOn(numbers, i, 0, grid.dimension, 1));
    const extra = made.steps?.steps[step]?.value ?? 0;
    total += loaded + extra + (own - 1) * (idle + extra);
  }
  return total;
}

/** floor(size x weight / room), exactly. */
function partOf(size: number, weight: number, room: number): number {
  if (size === 0) return 0;
  const product = size * weight;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / room);
  // Two roundings are off by less than the margin: what is farther from a whole number is on the side that it seems to be.
  const part = size * (weight / room);
  const whole = Math.floor(part);
  const margin = part * 1e-15;
  if (part - whole > margin && whole + 1 - part > margin) return whole;
  return Number((BigInt(size) * BigInt(weight)) / BigInt(room));
}
