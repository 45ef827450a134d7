import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, demandArray } from './class-context';
import { at } from './dimensions';
import { maxReplicas, replicasNeeded } from './replicas';

/**
 * What is placed as one. In the layout `equal` a model with all its copies, which are a shard's pods (`copies` 0: as many
 * as the shard has); in the layout `copies` one of a model's `copies`, for a pod that has no other of them.
 */
export interface Piece {
  readonly model: Model;
  readonly copies: number;
}

/** The pieces of a model that is nowhere yet. */
export function piecesOf(context: ClassContext, model: Model): Piece[] {
  if (context.layout === 'equal') return [{ model, copies: 0 }];
  const copies = copiesNeeded(context, model);
  return Array.from({ length: copies }, () => ({ model, copies }));
}

/** Fewest copies, at least the declared ones, at which some pool's pod carries its part of the load. */
export function copiesNeeded(context: ClassContext, model: Model, pools: readonly Pool[] = context.pools): number {
  let least = 0;
  let last: Pool | null = null;
  for (const pool of pools) {
    if (pool === last) continue;
    last = pool;
    const needed = replicasNeeded(context, model, pool);
    if (needed > 0 && (least === 0 || needed < least)) least = needed;
  }
  return least === 0 ? model.replicas : least;
}

/** How finely the load of hot models may be cut: parts of a pod's time. */
const finest = 4;

/** The most copies that a model is given for the sake of a better fit: its load in parts of a quarter of a pod's time. */
export function mostCopies(context: ClassContext, model: Model, pools: readonly Pool[]): number {
  return Math.max(
    copiesNeeded(context, model, pools),
    ...pools.map((pool) => copiesOfAPart(context, model, pool, finest)),
  );
}

/**
 * Other ways to cut the same models: into more copies, each at most the whole, a half, a third, ... of the time of some
 * pool's pod. Models in as few copies as possible may use dear pools only, and leave time unused that no other hot one fits
 * into. Only models of which no copy has a place yet.
 */
export function finerCuts(context: ClassContext, pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  if (context.layout === 'equal') return [];
  const found = new Map<string, readonly Piece[]>();
  for (const pool of context.pools) {
    for (let parts = 1; parts <= finest; parts++) {
      const cut = finer(context, pieces, pool, parts);
      if (cut.length > pieces.length) found.set(cut.map((piece) => piece.copies).join(), cut);
    }
  }
  return [...found.values()];
}

function finer(context: ClassContext, pieces: readonly Piece[], pool: Pool, parts: number): readonly Piece[] {
  const result: Piece[] = [];
  for (let from = 0; from < pieces.length; ) {
    const { model, copies } = pieces[from] as Piece;
    let to = from + 1;
    while (to < pieces.length && pieces[to]?.model === model) to++;
    const more = to - from === copies ? Math.max(copies, copiesOfAPart(context, model, pool, parts)) : copies;
    if (more === copies) result.push(...pieces.slice(from, to));
    else for (let k = 0; k < more; k++) result.push({ model, copies: more });
    from = to;
  }
  return result;
}

/** Copies that carry at most one of `parts` parts of a pod's time each; 0 where the pool's pods cannot hold them. */
function copiesOfAPart(context: ClassContext, model: Model, pool: Pool, parts: number): number {
  if (replicasNeeded(context, model, pool) === 0) return 0;
  const capacity = context.capacity.get(pool.name) as number[];
  const demand = demandArray(model, pool, context.runtime, 1);
  let copies = 0;
  for (const d of [at.duty, at.cpu]) {
    const room = Math.floor((capacity[d] as number) / parts);
    if (room > 0) copies = Math.max(copies, Math.ceil((demand[d] as number) / room));
  }
  return copies > maxReplicas ? 0 : copies;
}

/** What the piece takes of each pod of a shard of `replicas` pods on `pool`, in the order of `dimensions`. */
export function pieceDemand(context: ClassContext, piece: Piece, pool: Pool, replicas: number): number[] {
  return demandArray(piece.model, pool, context.runtime, piece.copies === 0 ? replicas : piece.copies);
}
