import type { Model, Pool, ServingRuntime } from '../declare/fleet';
import { demandArray, dimensionCount } from './class-context';

/** A shard while it is being filled. Mutable: lives for one packing. */
export class OpenShard {
  readonly models: Model[] = [];
  readonly free: number[];
  private labels: Set<string> | null = null;
  private forbidden: Set<string> | null = null;

  constructor(
    /** Its id in the lockfile; null: new. */
    readonly id: string | null,
    public pool: Pool,
    public replicas: number,
    capacity: number[],
    private readonly runtime: ServingRuntime,
  ) {
    this.free = [...capacity];
  }

  add(model: Model, demand = demandArray(model, this.pool, this.runtime, this.replicas)): void {
    for (let d = 0; d < dimensionCount; d++) this.free[d] = (this.free[d] as number) - (demand[d] as number);
    this.models.push(model);
    if (this.labels !== null || model.neverWith.length > 0 || hasLabels(model)) this.note(model);
  }

  remove(index: number): Model {
    const [model] = this.models.splice(index, 1);
    if (model === undefined) throw new RangeError(`no model ${index}`);
    const demand = demandArray(model, this.pool, this.runtime, this.replicas);
    for (let d = 0; d < dimensionCount; d++) this.free[d] = (this.free[d] as number) + (demand[d] as number);
    this.labels = null;
    this.forbidden = null;
    for (const other of this.models) if (other.neverWith.length > 0 || hasLabels(other)) this.note(other);
    return model;
  }

  /** May `model` meet the models here, by labels? */
  welcomes(model: Model): boolean {
    if (this.labels !== null && model.neverWith.some((label) => this.labels?.has(label))) return false;
    if (this.forbidden !== null && this.forbidden.size > 0) {
      for (const [key, value] of Object.entries(model.labels)) if (this.forbidden.has(`${key}=${value}`)) return false;
    }
    return true;
  }

  private note(model: Model): void {
    this.labels ??= new Set();
    this.forbidden ??= new Set();
    for (const [key, value] of Object.entries(model.labels)) this.labels.add(`${key}=${value}`);
    for (const label of model.neverWith) this.forbidden.add(label);
  }

  overflows(): boolean {
    return this.free.some((room) => room < 0);
  }
}

function hasLabels(model: Model): boolean {
  for (const _ in model.labels) return true;
  return false;
}
