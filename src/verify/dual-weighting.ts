import type { Dimension } from '../declare/capacity';
import type { Model, Pool } from '../declare/fleet';
import type { CheckedClass, Declared } from './declared';
import { type Amounts, ceilDiv, dimensionNames, greater, hostMemory, roomOfPod } from './exact';
import { field } from './reading';

/** A weighting of the certificate as read: whole non-negative numbers, one entry for each pool of the class. */
export interface ReadWeighting {
  /** In the order of the class's pools, then of the dimensions. */
  readonly weights: readonly (readonly bigint[])[];
  readonly full: readonly bigint[];
  readonly value: bigint;
  readonly steps: Steps | null;
}
export interface Steps {
  readonly dimension: Dimension;
  readonly from: readonly number[];
  readonly worth: readonly number[];
}

/** The weights of one class may name no more than this. */
const mostSteps = 200;
/** Patterns are counted in so many units of the largest pod. */
const units = 2000;
/** Weights above this are none that the packer writes; sums of them stay exact. */
const mostWeight = 2 ** 40;

function whole(value: unknown, most = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

/** Reads one weighting; a text says what is wrong with it. */
export function readWeighting(sharing: CheckedClass, value: unknown): ReadWeighting | string {
  const listed = field(value, 'pools');
  if (!Array.isArray(listed) || listed.length !== sharing.pools.length) return 'has not one entry for each pool';
  const weights: bigint[][] = [];
  const full: bigint[] = [];
  for (const pool of sharing.pools) {
    const entries = listed.filter((entry) => field(entry, 'pool') === pool.name);
    if (entries.length !== 1) return `has not one entry for the pool ${pool.name}`;
    const own = field(entries[0], 'weights');
    if (typeof own !== 'object' || own === null || Array.isArray(own))
      return `has no weights for the pool ${pool.name}`;
    const unknown = Object.keys(own).find((name) => !dimensionNames.some((dimension) => dimension === name));
    if (unknown !== undefined) return `weighs ${unknown}, which is no dimension`;
    const row: bigint[] = [];
    for (const dimension of dimensionNames) {
      const weight = field(own, dimension) ?? 0;
      if (!whole(weight, mostWeight)) return `weighs ${dimension} by something that is no whole number from 0 up`;
      row.push(BigInt(weight));
    }
    weights.push(row);
    const stated = field(entries[0], 'full');
    if (!whole(stated)) return `does not say what a full pod of ${pool.name} is worth`;
    full.push(BigInt(stated));
  }
  const stated = field(value, 'value');
  if (!whole(stated)) return 'does not say what the models are worth';
  const steps = readSteps(field(value, 'steps'));
  return typeof steps === 'string' ? steps : { weights, full, value: BigInt(stated), steps };
}

function readSteps(value: unknown): ReadWeighting['steps'] | string {
  if (value === null) return null;
  const dimension = dimensionNames.find((name) => name === field(value, 'dimension'));
  if (dimension !== 'acceleratorMemoryBytes' && dimension !== 'memoryBytes' && dimension !== 'diskBytes')
    return 'has steps in a dimension that copies share';
  const listed = field(value, 'steps');
  if (!Array.isArray(listed) || listed.length > mostSteps) return 'has unreadable steps';
  const from: number[] = [];
  const worth: number[] = [];
  for (const step of listed) {
    const edge = field(step, 'from');
    const own = field(step, 'value');
    if (!whole(edge) || !whole(own, mostWeight)) return 'has a step that is not of whole numbers from 0 up';
    if (edge <= (from[from.length - 1] ?? 0)) return 'has steps out of order';
    from.push(edge);
    worth.push(own);
  }
  return { dimension, from, worth };
}

/** A class's pods and models as the bound sees them. */
export class BoundClass {
  readonly rooms: readonly Amounts[];

  constructor(
    declared: Declared,
    readonly sharing: CheckedClass,
  ) {
    this.rooms = sharing.pools.map((pool) => roomOfPod(declared.fleet, pool, sharing.runtime, sharing.base));
  }

  /** What one copy takes, its load aside. */
  private size(model: Model, pool: Pool, dimension: Dimension): number {
    switch (dimension) {
      case 'acceleratorMemoryBytes':
        return pool.accelerator === null ? 0 : model.footprint.acceleratorMemoryBytes;
      case 'memoryBytes':
        return hostMemory(model, this.sharing.runtime);
      case 'diskBytes':
        return model.footprint.diskBytes;
      case 'models':
        return 1;
      default:
        return 0;
    }
  }

  /** Load of all copies together, and a pod's room for load, in the same measure. */
  private load(model: Model, p: number, dimension: Dimension): { amount: bigint; room: bigint } {
    const pool = this.sharing.pools[p] as Pool;
    const room = BigInt((this.rooms[p] as Amounts)[dimension]);
    if (dimension === 'microDuty')
      return pool.accelerator === null
        ? { amount: 0n, room }
        : { amount: BigInt(model.load.microDuty) * 1000n, room: room * BigInt(pool.speedMilli) };
    if (dimension === 'cpuMillis')
      return {
        amount: BigInt(model.load.cpuMillis) * 1000n,
        room: room * (pool.accelerator === null ? BigInt(pool.speedMilli) : 1000n),
      };
    return { amount: 0n, room };
  }

  /** May a pod of pool `p` hold a copy with however little load? */
  holds(model: Model, p: number): boolean {
    const pool = this.sharing.pools[p] as Pool;
    return dimensionNames.every((dimension) => {
      const room = (this.rooms[p] as Amounts)[dimension];
      const least = this.load(model, p, dimension).amount > 0n ? 1 : this.size(model, pool, dimension);
      return least <= room;
    });
  }

  /** No fewer copies carry the model's load, each alone on the pod that carries most of it; null: no pod holds it. */
  copies(model: Model): bigint | null {
    let least: bigint | null = null;
    this.sharing.pools.forEach((_, p) => {
      if (!this.holds(model, p)) return;
      let copies = BigInt(model.replicas);
      for (const dimension of ['microDuty', 'cpuMillis'] as const) {
        const { amount, room } = this.load(model, p, dimension);
        if (amount > 0n) copies = greater(copies, ceilDiv(amount, room));
      }
      if (least === null || copies < least) least = copies;
    });
    return least;
  }

  /** What the models are worth at least, wherever their copies are: see `Weighting.value`. */
  worthOfModels(weighting: ReadWeighting): bigint {
    let total = 0n;
    for (const model of this.sharing.models) {
      const copies = this.copies(model);
      if (copies === null) continue;
      let loaded: bigint | null = null;
      let idle: bigint | null = null;
      this.sharing.pools.forEach((_, p) => {
        if (!this.holds(model, p)) return;
        const sizes = this.worthOfSizes(model, p, weighting);
        const all = sizes + this.worthOfLoad(model, p, weighting);
        if (loaded === null || all < loaded) loaded = all;
        if (idle === null || sizes < idle) idle = sizes;
      });
      total += (loaded ?? 0n) + (copies - 1n) * (idle ?? 0n);
    }
    return total;
  }

  private worthOfSizes(model: Model, p: number, { weights, steps }: ReadWeighting): bigint {
    const pool = this.sharing.pools[p] as Pool;
    const rooms = this.rooms[p] as Amounts;
    let worth = 0n;
    (weights[p] as readonly bigint[]).forEach((weight, d) => {
      if (weight === 0n) return;
      const dimension = dimensionNames[d] as Dimension;
      const size = this.size(model, pool, dimension);
      if (size > 0 && rooms[dimension] > 0) worth += (BigInt(size) * weight) / BigInt(rooms[dimension]);
    });
    if (steps !== null) worth += BigInt(steps.worth[stepAt(steps.from, this.size(model, pool, steps.dimension))] ?? 0);
    return worth;
  }

  private worthOfLoad(model: Model, p: number, { weights }: ReadWeighting): bigint {
    let worth = 0n;
    (weights[p] as readonly bigint[]).forEach((weight, d) => {
      if (weight === 0n) return;
      const { amount, room } = this.load(model, p, dimensionNames[d] as Dimension);
      if (amount > 0n) worth += (amount * weight) / room;
    });
    return worth;
  }

  /** How many models are of each step, and the least size among them. */
  inSteps(p: number, steps: Steps): { readonly counts: readonly number[]; readonly least: readonly number[] } {
    const pool = this.sharing.pools[p] as Pool;
    const counts = new Array<number>(steps.from.length).fill(0);
    const least = new Array<number>(steps.from.length).fill(Number.POSITIVE_INFINITY);
    for (const model of this.sharing.models) {
      const size = this.size(model, pool, steps.dimension);
      const step = stepAt(steps.from, size);
      if (step < 0) continue;
      counts[step] = (counts[step] as number) + 1;
      least[step] = Math.min(least[step] as number, size);
    }
    return { counts, least };
  }

  /** The most that one pod of pool `p` holds; null where that cannot be told exactly. */
  worthOfPod(p: number, { weights, steps }: ReadWeighting): bigint | null {
    const linear = (weights[p] as readonly bigint[]).reduce((sum, weight) => sum + weight, 0n);
    if (steps === null) return linear;
    const largest = Math.max(...this.rooms.map((rooms) => rooms[steps.dimension]));
    const unit = Math.max(1, Math.floor(largest / units));
    const room = Math.floor(Math.max(0, (this.rooms[p] as Amounts)[steps.dimension]) / unit);
    const counts = this.inSteps(p, steps).counts;
    // best[u]: the most that big copies of u units together are worth; a model has one copy in a pod.
    let best: number[] = new Array<number>(room + 1).fill(0);
    steps.from.forEach((from, j) => {
      const worth = steps.worth[j] as number;
      const size = Math.floor(from / unit);
      const most = Math.min(counts[j] as number, size === 0 ? (counts[j] as number) : Math.floor(room / size));
      if (worth === 0 || most === 0) return;
      const next = [...best];
      for (let u = 0; u <= room; u++) {
        for (let count = 1; count <= most && count * size <= u; count++) {
          const value = (best[u - count * size] as number) + count * worth;
          if (value > (next[u] as number)) next[u] = value;
        }
      }
      best = next;
    });
    const top = best[room] as number;
    return Number.isSafeInteger(top) ? linear + BigInt(top) : null;
  }
}

/** The last step that `size` reaches; -1: none. */
function stepAt(from: readonly number[], size: number): number {
  let step = -1;
  for (let j = 0; j < from.length && (from[j] as number) <= size; j++) step = j;
  return step;
}
