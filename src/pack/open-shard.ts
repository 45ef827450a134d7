import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, dimensionCount, setDemand } from './class-context';
import { type Piece, pieceDemand } from './pieces';

/** Lives for one call only. */
const scratch = [0, 0, 0, 0, 0, 0];

/** A shard while it is being filled. Mutable: lives for one packing. */
export class OpenShard {
  readonly pieces: Piece[] = [];
  readonly capacity: readonly number[];
  readonly free: number[];
  private labels: Set<string> | null = null;
  private forbidden: Set<string> | null = null;
  /** Models that have copies elsewhere, too. */
  private spread: Set<Model> | null = null;

  constructor(
    private readonly context: ClassContext,
    /** Its id in the lockfile; null: new. */
    readonly id: string | null,
    readonly pool: Pool,
    readonly replicas: number,
  ) {
    this.capacity = context.capacity.get(pool.name) as number[];
    this.free = [...this.capacity];
  }

  get models(): Model[] {
    return this.pieces.map((piece) => piece.model);
  }

  add(piece: Piece): void {
    const copies = piece.copies === 0 ? this.replicas : piece.copies;
    const demand = setDemand(scratch, piece.model, this.pool, this.context.runtime, copies);
    for (let d = 0; d < dimensionCount; d++) this.free[d] = (this.free[d] as number) - (demand[d] as number);
    this.pieces.push(piece);
    const { model } = piece;
    if (piece.copies > this.replicas) this.spread = (this.spread ?? new Set()).add(model);
    if (this.labels !== null || model.neverWith.length > 0 || hasLabels(model)) this.note(model);
  }

  remove(index: number): Piece {
    const [piece] = this.pieces.splice(index, 1);
    if (piece === undefined) throw new RangeError(`no model ${index}`);
    const demand = this.demandOf(piece);
    for (let d = 0; d < dimensionCount; d++) this.free[d] = (this.free[d] as number) + (demand[d] as number);
    this.spread?.delete(piece.model);
    this.labels = null;
    this.forbidden = null;
    for (const { model } of this.pieces) if (model.neverWith.length > 0 || hasLabels(model)) this.note(model);
    return piece;
  }

  demandOf(piece: Piece): number[] {
    return pieceDemand(this.context, piece, this.pool, this.replicas);
  }

  /** May `model` meet the models here, by labels, and is no copy of it here? */
  welcomes(model: Model): boolean {
    if (this.spread?.has(model)) return false;
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
