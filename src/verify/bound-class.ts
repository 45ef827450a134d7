import type { Dimension } from '../declare/capacity';
import type { Model, Pool } from '../declare/fleet';
import type { CheckedClass, Declared } from './declared';
import type { ReadWeighting, Steps } from './dual-weighting';
import { type Amounts, ceilRatio, dimensionNames, floorRatio, hostMemory, roomOfPod } from './exact';

/** Patterns are counted in so many units of the largest pod. */
const units = 2000;

const loadDimensions = ['microDuty', 'cpuMillis'] as const;

/** A class's pods and models as the bound sees them. */
export class BoundClass {
  readonly rooms: readonly Amounts[];
  /**
   * No fewer copies carry each model's load, each alone on the pod that carries most of it, by place in the class; 0: no
   * pod holds it.
   */
  readonly copies: readonly number[];

  /** May a pod hold a copy with however little load? Model by model, for each pool 1 or 0. */
  private readonly held: Uint8Array;

  constructor(
    declared: Declared,
    readonly sharing: CheckedClass,
  ) {
    this.rooms = sharing.pools.map((pool) => roomOfPod(declared.fleet, pool, sharing.runtime, sharing.base));
    this.held = new Uint8Array(sharing.models.length * sharing.pools.length);
    let at = 0;
    for (const model of sharing.models)
      for (let p = 0; p < sharing.pools.length; p++) this.held[at++] = this.canHold(model, p) ? 1 : 0;
    this.copies = sharing.models.map((model, i) => this.copiesOf(model, i));
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

  /** Load of all copies together: in thousandths of the room of a pod, each worth as much as `speedOf` says. */
  private load(model: Model, pool: Pool, dimension: Dimension): number {
    if (dimension === 'microDuty') return pool.accelerator === null ? 0 : model.load.microDuty;
    return dimension === 'cpuMillis' ? model.load.cpuMillis : 0;
  }

  private speedOf(pool: Pool, dimension: 'microDuty' | 'cpuMillis'): number {
    return dimension === 'microDuty' || pool.accelerator === null ? pool.speedMilli : 1000;
  }

  /** May a pod of pool `p` hold a copy of the model at `i`? */
  holds(i: number, p: number): boolean {
    return this.held[i * this.rooms.length + p] === 1;
  }

  /** Which pools hold the model at `i`: 1 or 0 for each. */
  holders(i: number): Uint8Array {
    return this.held.subarray(i * this.rooms.length, (i + 1) * this.rooms.length);
  }

  private canHold(model: Model, p: number): boolean {
    const pool = this.sharing.pools[p] as Pool;
    const rooms = this.rooms[p] as Amounts;
    for (const dimension of dimensionNames) {
      const least = this.load(model, pool, dimension) > 0 ? 1 : this.size(model, pool, dimension);
      if (least > rooms[dimension]) return false;
    }
    return true;
  }

  private copiesOf(model: Model, i: number): number {
    let least = 0;
    for (let p = 0; p < this.rooms.length; p++) {
      if (!this.holds(i, p)) continue;
      const pool = this.sharing.pools[p] as Pool;
      let copies = model.replicas;
      for (const dimension of loadDimensions) {
        const amount = this.load(model, pool, dimension);
        if (amount === 0) continue;
        const room = (this.rooms[p] as Amounts)[dimension];
        copies = Math.max(copies, ceilRatio(amount, 1000, this.speedOf(pool, dimension), room));
      }
      if (least === 0 || copies < least) least = copies;
    }
    // Past 2^53 fewer is safe: the bound is the lower for it.
    return Math.min(least, Number.MAX_SAFE_INTEGER);
  }

  /**
   * What the models are worth at least, wherever their copies are: see `Weighting.value`. Past 2^53 inexact, and more
   * than any certificate can state.
   */
  worthOfModels(weighting: ReadWeighting): number {
    let total = 0;
    this.sharing.models.forEach((model, i) => {
      const copies = this.copies[i] as number;
      if (copies === 0) return;
      let loaded = Number.POSITIVE_INFINITY;
      let idle = Number.POSITIVE_INFINITY;
      for (let p = 0; p < this.rooms.length; p++) {
        if (!this.holds(i, p)) continue;
        const sizes = this.worthOfSizes(model, p, weighting);
        loaded = Math.min(loaded, sizes + this.worthOfLoad(model, p, weighting));
        idle = Math.min(idle, sizes);
      }
      total += loaded + (copies === 1 ? 0 : (copies - 1) * idle);
    });
    return total;
  }

  private worthOfSizes(model: Model, p: number, { weights, steps }: ReadWeighting): number {
    const pool = this.sharing.pools[p] as Pool;
    const rooms = this.rooms[p] as Amounts;
    const own = weights[p] as readonly number[];
    let worth = 0;
    for (let d = 0; d < own.length; d++) {
      const weight = own[d] as number;
      if (weight === 0) continue;
      const dimension = dimensionNames[d] as Dimension;
      const size = this.size(model, pool, dimension);
      if (size > 0 && rooms[dimension] > 0) worth += floorRatio(size, weight, rooms[dimension], 1);
    }
    if (steps !== null) worth += steps.worth[stepAt(steps.from, this.size(model, pool, steps.dimension))] ?? 0;
    return worth;
  }

  private worthOfLoad(model: Model, p: number, { weights }: ReadWeighting): number {
    const pool = this.sharing.pools[p] as Pool;
    const rooms = this.rooms[p] as Amounts;
    let worth = 0;
    for (const dimension of loadDimensions) {
      const weight = (weights[p] as readonly number[])[dimensionNames.indexOf(dimension)] as number;
      const amount = weight === 0 ? 0 : this.load(model, pool, dimension);
      // Weights are below 2^40: a thousand times one is exact.
      if (amount > 0) worth += floorRatio(amount, weight * 1000, rooms[dimension], this.speedOf(pool, dimension));
    }
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
  worthOfPod(p: number, { weights, steps }: ReadWeighting): number | null {
    const linear = (weights[p] as readonly number[]).reduce((sum, weight) => sum + weight, 0);
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
    const full = linear + (best[room] as number);
    return Number.isSafeInteger(full) ? full : null;
  }
}

/** The last step that `size` reaches; -1: none. */
function stepAt(from: readonly number[], size: number): number {
  let step = -1;
  for (let j = 0; j < from.length && (from[j] as number) <= size; j++) step = j;
  return step;
}
