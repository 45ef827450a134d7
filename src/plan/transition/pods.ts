import { dimensions } from '../../declare/capacity';
import type { Model, Pool } from '../../declare/fleet';

/** Positions in a vector over `dimensions`: what is a size, and what is load. */
export const sizes = [0, 2, 4, 5] as const;
export const loads = [1, 3] as const;
export const width = dimensions.length;

/** A copy that a pod holds; what it was packed with stays until it is resized. */
export interface Copy {
  readonly key: string;
  /** null: no longer declared. */
  readonly model: Model | null;
  acceleratorMemoryBytes: number;
  memoryBytes: number;
}

/** The equal pods of one shard on their way. Mutable: lives for one transition. */
export class Pods {
  readonly held = new Map<string, Copy>();
  readonly used = new Array<number>(width).fill(0);
  /** Load before the first wave. */
  readonly before = new Array<number>(width).fill(0);
  /** Models that it holds in the end. */
  readonly final = new Set<string>();
  /** Of these, what is to be loaded or resized yet. */
  readonly pending = new Set<string>();
  running: boolean;

  constructor(
    readonly name: string,
    readonly pool: Pool | null,
    readonly runtime: string,
    readonly base: string | null,
    readonly group: string,
    /** Whose nodes it is on. */
    readonly owner: string,
    /** null: its pool or runtime is no longer declared, so that nothing more goes in. */
    readonly capacity: readonly number[] | null,
    readonly replicas: number,
    /** Class of the models that end here; null: it ends. */
    readonly wanted: string | null,
    running: boolean,
    /** Class of a temporary shard's models. */
    readonly sharing: string | null = wanted,
  ) {
    this.running = running;
  }

  /** Does it hold what it will not in the end? All that it will is held by now or pending. */
  get strays(): boolean {
    let missing = 0;
    for (const key of this.pending) if (!this.held.has(key)) missing++;
    return this.held.size > this.final.size - missing;
  }

  /** Would a pod hold that much more? */
  hasRoom(need: readonly number[], over: readonly number[]): boolean {
    return this.capacity !== null && over.every((d) => (this.used[d] as number) + (need[d] as number) <= this.limit(d));
  }

  /** Load above the target that was there before is not of the transition's making. */
  limit(d: number): number {
    const capacity = this.capacity?.[d] ?? Number.POSITIVE_INFINITY;
    return d === 1 || d === 3 ? Math.max(capacity, this.before[d] as number) : capacity;
  }

  get overloaded(): boolean {
    return loads.some((d) => (this.used[d] as number) > this.limit(d));
  }
}
