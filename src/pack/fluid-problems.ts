import { dimensions } from '../declare/capacity';
import type { Pool } from '../declare/fleet';
import { type ClassNumbers, demandOn } from './class-numbers';
import { at as position } from './dimensions';
import type { FluidProblem } from './fluid';

const D = dimensions.length;
const { accelerator, duty, memory, cpu } = position;

const copiesOf = new WeakMap<ClassNumbers, Int32Array>();

/** Fewest copies of model `i` that can carry its load if each is alone on the best pod for it; 0: it fits no pod. */
export function leastCopies(numbers: ClassNumbers, i: number): number {
  let known = copiesOf.get(numbers);
  if (known === undefined) {
    known = Int32Array.from(numbers.pieces, (_, k) => fewestCopies(numbers, k));
    copiesOf.set(numbers, known);
  }
  return known[i] as number;
}

function fewestCopies(numbers: ClassNumbers, i: number): number {
  let least = 0;
  for (let p = 0; p < numbers.pools.length; p++) {
    if (!holdsOne(numbers, i, p)) continue;
    const copies = Math.max(
      numbers.replicas[i] as number,
      loadCopies(numbers, i, p, duty),
      loadCopies(numbers, i, p, cpu),
    );
    if (least === 0 || copies < least) least = copies;
  }
  return least;
}

/** Could pool `p` hold a copy of model `i` with next to no load? */
export function holdsOne(numbers: ClassNumbers, i: number, p: number): boolean {
  for (let d = 0; d < D; d++) {
    const need = loadDimension(d) ? Math.sign(loadOn(numbers, i, p, d)) : demandOn(numbers, i, p, d, 1);
    if (need > (numbers.capacity[p * D + d] as number)) return false;
  }
  return true;
}

export function loadDimension(d: number): boolean {
  return d === duty || d === cpu;
}

/** Load of all copies in the pool's own time, before it is shared; not rounded. */
export function loadOn(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const gpu = numbers.onAccelerator[p] as boolean;
  const speed = (numbers.pools[p] as Pool).speedMilli;
  const parts = numbers.share[i] as number;
  if (d === duty) return gpu ? ((numbers.duty[i] as number) * 1000) / speed / parts : 0;
  return gpu ? (numbers.cpu[i] as number) / parts : ((numbers.cpu[i] as number) * 1000) / speed / parts;
}

function loadCopies(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const { amount, room } = loadAgainst(numbers, i, p, d);
  if (amount <= room) return 1;
  return Number((BigInt(amount) + BigInt(room) - 1n) / BigInt(room));
}

/** Load of all copies against a pod's room, both in units that make them whole. */
export function loadAgainst(numbers: ClassNumbers, i: number, p: number, d: number): { amount: number; room: number } {
  const gpu = numbers.onAccelerator[p] as boolean;
  const scaled = d === duty || !gpu;
  const load = d === duty ? (gpu ? (numbers.duty[i] as number) : 0) : (numbers.cpu[i] as number);
  const speed = scaled ? (numbers.pools[p] as Pool).speedMilli : 1000;
  return { amount: load * 1000, room: (numbers.capacity[p * D + d] as number) * speed * (numbers.share[i] as number) };
}

/** Collects pieces into at most a few hundred bundles of like pieces, with their shares summed. */
class Pieces {
  private readonly index = new Map<string | number, number>();
  private readonly kinds = new Map<string, number>();
  private readonly shares: Float64Array[] = [];
  private readonly steps: (readonly number[])[] = [];
  private readonly counts: number[] = [];

  constructor(
    private readonly types: number,
    private readonly coarse: boolean,
  ) {}

  add(kind: string, key: readonly number[], steps: readonly number[], share: Float64Array, copies: number): void {
    const spelled = this.coarse ? this.bucketed(kind, key, steps) : `${kind}/${steps.join()}/${key.join('/')}`;
    let at = this.index.get(spelled);
    if (at === undefined) {
      at = this.shares.length;
      this.index.set(spelled, at);
      this.shares.push(new Float64Array(this.types * D));
      this.steps.push(steps);
      this.counts.push(0);
    }
    const sum = this.shares[at] as Float64Array;
    for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + copies * (share[k] as number);
    this.counts[at] = (this.counts[at] as number) + copies;
  }

  /** A number for the key: for many pieces much faster than a text. */
  private bucketed(kind: string, key: readonly number[], steps: readonly number[]): string | number {
    let code = this.kinds.get(kind);
    if (code === undefined) {
      code = this.kinds.size;
      this.kinds.set(kind, code);
    }
    for (const x of key) code = code * 128 + bucket(x);
    for (const step of steps) code = code * 64 + step + 1;
    return code <= Number.MAX_SAFE_INTEGER ? code : `${kind}/${steps.join()}/${key.map(bucket).join('/')}`;
  }

  problem(grids: readonly StepGrid[], price: readonly number[]): FluidProblem {
    const pieces = this.shares.length;
    const share = new Float64Array(pieces * this.types * D);
    this.shares.forEach((sum, i) => {
      share.set(sum, i * this.types * D);
    });
    return {
      types: this.types,
      dimensions: D,
      price,
      pieces,
      share,
      steps: grids.map((grid, f) => ({
        of: Int32Array.from(this.steps, (steps) => steps[f] as number),
        count: Float64Array.from(this.counts),
        size: grid.edges.map((edge) => Math.floor(edge / grid.unit)),
        most: grid.most,
        room: grid.rooms.map((room) => Math.floor(room / grid.unit)),
        allows: (t, j) => (grid.replicas[t] as number) >= (grid.levels[j] as number),
      })),
    };
  }
}

/** Three buckets for two octaves, from 1 to 127; what is next to nothing is in the first. */
function bucket(x: number): number {
  return x <= 0 ? 0 : Math.max(1, Math.min(127, Math.floor(1.5 * Math.log2(x)) + 20));
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

/** Bound for any layout: a copy takes all its sizes wherever it is; the load is somewhere where a copy is. */
export function copiesProblem(numbers: ClassNumbers, grid: MemoryGrid | null): FluidProblem {
  const types = numbers.pools.length;
  const pieces = new Pieces(types, numbers.pieces.length > 300);
  for (let i = 0; i < numbers.pieces.length; i++) {
    const copies = leastCopies(numbers, i);
    if (copies === 0) continue;
    const step = grid === null ? [] : [stepOf(grid, 0, demandOn(numbers, i, 0, grid.dimension, 1))];
    const base = new Float64Array(types * D);
    const loaded = new Float64Array(types * D);
    let mask = '';
    for (let p = 0; p < types; p++) {
      const allowed = holdsOne(numbers, i, p);
      mask += allowed ? '1' : '0';
      for (let d = 0; d < D; d++) {
        const k = p * D + d;
        const room = numbers.capacity[k] as number;
        const own = loadDimension(d) ? 0 : demandOn(numbers, i, p, d, 1);
        const load = loadDimension(d) ? loadOn(numbers, i, p, d) : 0;
        base[k] = allowed ? (own === 0 ? 0 : own / room) : Number.NaN;
        loaded[k] = allowed ? (own + load === 0 ? 0 : (own + load) / room) : Number.NaN;
      }
    }
    const sizes = [numbers.accelerator[i] as number, numbers.memory[i] as number, numbers.disk[i] as number];
    pieces.add(`a${mask}`, [...sizes, numbers.duty[i] as number, numbers.cpu[i] as number], step, loaded, 1);
    if (copies > 1) pieces.add(`b${mask}`, sizes, step, base, copies - 1);
  }
  return pieces.problem(grid === null ? [] : [grid], numbers.price);
}

/** A kind of shard: so many replicas on pool `pool`. */
export interface ShardType {
  readonly pool: number;
  readonly replicas: number;
}

/** Shards of equal replicas: a model of r copies goes to a type of at least r. */
export function shardsProblem(
  numbers: ClassNumbers,
  shardTypes: readonly ShardType[],
): { readonly problem: FluidProblem; readonly stepsOf: (i: number) => readonly number[] } {
  const types = shardTypes.length;
  const pieces = new Pieces(types, numbers.pieces.length > 300);
  const memory = memoryGrid(numbers, shardTypes);
  const load = loadGrid(numbers, shardTypes);
  const stepsOf = (i: number): readonly number[] => {
    const steps: number[] = [];
    const level = numbers.replicas[i] as number;
    if (memory !== null) steps.push(stepOf(memory, level, demandOn(numbers, i, 0, memory.dimension, 1)));
    if (load !== null) steps.push(stepOf(load, level, dutyPart(numbers, i)));
    return steps;
  };
  for (let i = 0; i < numbers.pieces.length; i++) {
    const share = new Float64Array(types * D);
    let mask = '';
    shardTypes.forEach(({ pool, replicas }, t) => {
      const allowed = fitsAlone(numbers, i, pool, replicas);
      mask += allowed ? '1' : '0';
      for (let d = 0; d < D; d++) {
        const demand = demandOn(numbers, i, pool, d, replicas);
        share[t * D + d] = !allowed
          ? Number.NaN
          : demand === 0
            ? 0
            : demand / (numbers.capacity[pool * D + d] as number);
      }
    });
    const key = [
      numbers.accelerator[i] as number,
      numbers.memory[i] as number,
      numbers.disk[i] as number,
      dutyPart(numbers, i),
      (numbers.cpu[i] as number) / (numbers.share[i] as number),
    ];
    pieces.add(mask, key, stepsOf(i), share, 1);
  }
  const problem = pieces.problem(
    [memory, load].filter((grid) => grid !== null),
    shardTypes.map(({ pool, replicas }) => (numbers.price[pool] as number) * replicas),
  );
  return { problem, stepsOf };
}

/** Load on the accelerator at reference speed, before a shard's replicas share it. */
function dutyPart(numbers: ClassNumbers, i: number): number {
  return (numbers.duty[i] as number) / (numbers.share[i] as number);
}

export function fitsAlone(numbers: ClassNumbers, i: number, pool: number, replicas: number): boolean {
  if ((numbers.replicas[i] as number) > replicas) return false;
  for (let d = 0; d < D; d++)
    if (demandOn(numbers, i, pool, d, replicas) > (numbers.capacity[pool * D + d] as number)) return false;
  return true;
}

export function stepOf(grid: Pick<StepGrid, 'edges' | 'levels'>, level: number, size: number): number {
  let step = -1;
  for (let j = 0; j < grid.edges.length; j++)
    if (grid.levels[j] === level && (grid.edges[j] as number) <= size) step = j;
  return step;
}

const gridUnits = 2000;
const mostSteps = 40;

export interface MemoryGrid extends StepGrid {
  readonly dimension: number;
}

/**
 * Steps in accelerator memory (or host memory without one); null: none big, or the pools measure sizes unlike. With
 * shard types the steps are kept apart by replicas.
 */
export function memoryGrid(numbers: ClassNumbers, shardTypes: readonly ShardType[] | null = null): MemoryGrid | null {
  const gpu = numbers.onAccelerator[0] as boolean;
  if (numbers.onAccelerator.some((value) => value !== gpu)) return null;
  const dimension = gpu ? accelerator : memory;
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
function loadGrid(numbers: ClassNumbers, shardTypes: readonly ShardType[]): StepGrid | null {
  if (numbers.onAccelerator.includes(false)) return null;
  return stepGrid(
    numbers,
    (i) => dutyPart(numbers, i),
    shardTypes.map(
      ({ pool, replicas }) =>
        ((numbers.capacity[pool * D + duty] as number) * (numbers.pools[pool] as Pool).speedMilli * replicas) / 1000,
    ),
    shardTypes,
  );
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
  for (let i = 0; i < numbers.pieces.length; i++) {
    const size = sizeOf(i);
    if (size * 12 <= most || leastCopies(numbers, i) === 0) continue;
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
  const sizes = [...all].sort((a, b) => a - b);
  const distinct = [...new Set(sizes.map((size) => Math.floor(size / unit)))];
  const stride = Math.max(1, Math.ceil(distinct.length / limit));
  const steps = distinct
    .filter((_, k) => k % stride === 0)
    .map((units) => ({ level, edge: sizes.find((size) => size >= units * unit) as number, count: 0 }));
  let at = 0;
  for (const size of sizes) {
    while (at + 1 < steps.length && (steps[at + 1]?.edge as number) <= size) at++;
    (steps[at] as { count: number }).count++;
  }
  return steps;
}
