import type { PackRequest } from '../../pack/packing';
import { type Attempt, attempt } from './attempt';
import type { Conflict } from './conflict';
import { findConflict } from './find-conflict';

export interface PlannedWithin extends Pick<Attempt, 'packing' | 'plan'> {
  /** Why there is no plan within the hard budgets, worked out when asked for; null where there is one. */
  readonly conflict: () => Conflict | null;
}

/** Packs and plans, within the hard budgets where the packer finds how. @throws StowageError STW2001 */
export function planWithin(request: PackRequest): PlannedWithin {
  const found = attempt(request);
  let known: Conflict | null | undefined;
  const conflict = (): Conflict | null => {
    known ??= findConflict(request, found);
    return known;
  };
  return { packing: found.packing, plan: found.plan, conflict };
}
