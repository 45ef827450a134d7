import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, demandArray } from './class-context';
import { replicasNeeded } from './replicas';

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
  for (const pool of pools) {
    const needed = replicasNeeded(context, model, pool);
    if (needed > 0 && (least === 0 || needed < least)) least = needed;
  }
  return least === 0 ? model.replicas : least;
}

/** What the piece takes of each pod of a shard of `replicas` pods on `pool`, in the order of `dimensions`. */
export function pieceDemand(context: ClassContext, piece: Piece, pool: Pool, replicas: number): number[] {
  return demandArray(piece.model, pool, context.runtime, piece.copies === 0 ? replicas : piece.copies);
}
