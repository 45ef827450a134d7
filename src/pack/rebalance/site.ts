import type { Model, Pool, ServingRuntime } from '../../declare/fleet';
import type { SharingClass } from '../sharing';

/** What all shards of a class have in common. */
export interface SiteClass {
  readonly sharing: SharingClass;
  readonly runtime: ServingRuntime;
  /** Cheapest first (price, then name). */
  readonly pools: readonly Pool[];
  /** Room of an empty pod by pool name, in the order of `dimensions`. */
  readonly capacity: ReadonlyMap<string, readonly number[]>;
  /** Whose nodes: a node-isolated group, or '' for all others. */
  readonly owner: string;
  readonly hasConflicts: boolean;
}

/** A shard while copies go in and out. Mutable: lives for one search. */
export class Site {
  /** Of one pod, in the order of `dimensions`. */
  readonly free: number[];
  readonly members = new Set<number>();
  /** Members that the lockfile has here, too: what draining it moves. */
  home = 0;
  open = true;
  /** Members that are loaded at first use only. */
  onDemand = 0;
  private readonly labels = new Map<string, number>();
  private readonly bans = new Map<string, number>();

  constructor(
    readonly index: number,
    readonly id: string,
    readonly pool: Pool,
    readonly of: SiteClass,
    public replicas: number,
    readonly capacity: readonly number[],
  ) {
    this.free = [...capacity];
  }

  get price(): number {
    return this.pool.podPriceMicrosPerHour * this.replicas;
  }

  /** May the model meet those here, by labels? */
  welcomes(model: Model): boolean {
    if (!this.of.hasConflicts) return true;
    for (const label of model.neverWith) if (this.labels.has(label)) return false;
    if (this.bans.size > 0)
      for (const [key, value] of Object.entries(model.labels)) if (this.bans.has(`${key}=${value}`)) return false;
    return true;
  }

  note(model: Model, by: 1 | -1): void {
    if (model.residency === 'on-demand') this.onDemand += by;
    if (!this.of.hasConflicts) return;
    for (const [key, value] of Object.entries(model.labels)) tally(this.labels, `${key}=${value}`, by);
    for (const label of model.neverWith) tally(this.bans, label, by);
  }
}

export function tally(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
