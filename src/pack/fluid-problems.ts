import type { Pool } from '../declare/fleet';
import { at, type ClassNumbers, D, demandOn } from './class-numbers';
import type { FluidProblem } from './fluid';

/** Fewest copies of model `i` that can carry its load if each is alone on the best pod for it; 0: it fits no pod. */
export function leastCopies(numbers: ClassNumbers, i: number): number {
  let least = 0;
  for (let p = 0; p < numbers.pools.length; p++) {
    if (!holdsOne(numbers, i, p)) continue;
    const copies = Math.max(
      numbers.replicas[i] as number,
      loadCopies(numbers, i, p, at.duty),
      loadCopies(numbers, i, p, at.cpu),
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

function loadDimension(d: number): boolean {
  return d === at.duty || d === at.cpu;
}

/** Load of all copies in the pool's own time, before it is shared; not rounded. */
export function loadOn(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const gpu = numbers.onAccelerator[p] as boolean;
  const speed = (numbers.pools[p] as Pool).speedMilli;
  if (d === at.duty) return gpu ? ((numbers.duty[i] as number) * 1000) / speed : 0;
  return gpu ? (numbers.cpu[i] as number) : ((numbers.cpu[i] as number) * 1000) / speed;
}

function loadCopies(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const load = loadOn(numbers, i, p, d);
  return load === 0 ? 1 : Math.ceil((load / (numbers.capacity[p * D + d] as number)) * (1 - 1e-12));
}

/** Collects pieces into at most a few hundred bundles of like pieces, with their shares summed. */
class Pieces {
  private readonly index = new Map<string, number>();
  private readonly shares: Float64Array[] = [];
  private readonly steps: number[] = [];
  private readonly counts: number[] = [];

  constructor(
    private readonly types: number,
    private readonly coarse: boolean,
  ) {}

  add(kind: string, key: readonly number[], step: number, share: Float64Array, copies: number): void {
    const spelled = `${kind}/${step}/${key.map((x) => (this.coarse ? bucket(x) : x)).join('/')}`;
    let at = this.index.get(spelled);
    if (at === undefined) {
      at = this.shares.length;
      this.index.set(spelled, at);
      this.shares.push(new Float64Array(this.types * D));
      this.steps.push(step);
      this.counts.push(0);
    }
    const sum = this.shares[at] as Float64Array;
    for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + copies * (share[k] as number);
    this.counts[at] = (this.counts[at] as number) + copies;
  }

  problem(steps: Steps, price: readonly number[]): FluidProblem {
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
      step: Int32Array.from(this.steps),
      count: Float64Array.from(this.counts),
      stepSize: steps.size,
      stepMost: steps.most,
      room: steps.room,
    };
  }
}

/** Two buckets an octave. */
function bucket(x: number): number {
  return x <= 0 ? -1000 : Math.floor(2 * Math.log2(x));
}

interface Steps {
  /** In units. */
  readonly size: readonly number[];
  readonly most: readonly number[];
  readonly room: readonly number[];
}
const noSteps: Steps = { size: [], most: [], room: [] };

/** Sizes above which a model counts as big, and the grid that a pod's patterns of them are counted on. */
export interface StepGrid extends Steps {
  readonly dimension: number;
  readonly unit: number;
  /** Lower edge of each step in the dimension's own measure, ascending. */
  readonly edges: readonly number[];
}

/** Bound for any layout: a copy takes all its sizes wherever it is; the load is somewhere where a copy is. */
export function copiesProblem(numbers: ClassNumbers, grid: StepGrid | null, byPods: boolean): FluidProblem {
  const types = numbers.pools.length;
  const pieces = new Pieces(types, numbers.models.length > 300);
  for (let i = 0; i < numbers.models.length; i++) {
    const copies = leastCopies(numbers, i);
    if (copies === 0) continue;
    const step = grid === null ? -1 : stepOf(grid, demandOn(numbers, i, 0, grid.dimension, 1));
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
  return pieces.problem(grid ?? noSteps, byPods ? numbers.price.map(() => 1) : numbers.price);
}

/** A kind of shard: so many replicas on pool `pool`. */
export interface ShardType {
  readonly pool: number;
  readonly replicas: number;
}

/** Shards of equal replicas: a model of r copies goes to a type of at least r. */
export function shardsProblem(numbers: ClassNumbers, shardTypes: readonly ShardType[]): FluidProblem {
  const types = shardTypes.length;
  const pieces = new Pieces(types, numbers.models.length > 300);
  for (let i = 0; i < numbers.models.length; i++) {
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
      numbers.duty[i] as number,
      numbers.cpu[i] as number,
    ];
    pieces.add(mask, key, -1, share, 1);
  }
  return pieces.problem(
    noSteps,
    shardTypes.map(({ pool, replicas }) => (numbers.price[pool] as number) * replicas),
  );
}

export function fitsAlone(numbers: ClassNumbers, i: number, pool: number, replicas: number): boolean {
  if ((numbers.replicas[i] as number) > replicas) return false;
  for (let d = 0; d < D; d++)
    if (demandOn(numbers, i, pool, d, replicas) > (numbers.capacity[pool * D + d] as number)) return false;
  return true;
}

export function stepOf(grid: StepGrid, size: number): number {
  let step = -1;
  while (step + 1 < grid.edges.length && (grid.edges[step + 1] as number) <= size) step++;
  return step;
}

const gridUnits = 2000;
const mostSteps = 40;

/** Steps for the models above 1/12 of the largest pod; null where there are none, or pools measure sizes unlike. */
export function stepGrid(numbers: ClassNumbers): StepGrid | null {
  const gpu = numbers.onAccelerator[0] as boolean;
  if (numbers.onAccelerator.some((value) => value !== gpu)) return null;
  const dimension = gpu ? at.accelerator : at.memory;
  const rooms = numbers.pools.map((_, p) => Math.max(0, numbers.capacity[p * D + dimension] as number));
  const most = Math.max(...rooms);
  const unit = Math.max(1, Math.floor(most / gridUnits));
  const sizes: number[] = [];
  for (let i = 0; i < numbers.models.length; i++) {
    const size = demandOn(numbers, i, 0, dimension, 1);
    if (size * 12 > most && leastCopies(numbers, i) > 0) sizes.push(size);
  }
  if (sizes.length === 0) return null;
  sizes.sort((a, b) => a - b);
  // Edges on the grid lose nothing there; more distinct ones than the limit are thinned to quantiles.
  const distinct = [...new Set(sizes.map((size) => Math.floor(size / unit)))];
  const stride = Math.max(1, Math.ceil(distinct.length / mostSteps));
  const kept = distinct.filter((_, k) => k % stride === 0);
  const edges = kept.map((units, k) => (k === 0 ? (sizes[0] as number) : units * unit));
  return {
    dimension,
    unit,
    edges,
    size: edges.map((edge) => Math.floor(edge / unit)),
    most: edges.map(
      (edge, k) => sizes.filter((s) => s >= edge && s < (edges[k + 1] ?? Number.POSITIVE_INFINITY)).length,
    ),
    room: rooms.map((room) => Math.floor(room / unit)),
  };
}
