import type { Fleet } from '../../declare/fleet';
import type { LockedPlacement, Packing } from '../packing';
import { packingAfter } from './apply';
import { Board } from './board';
import { searchClass } from './class-search';
import { inOrder } from './order';
import type { Saving } from './savings';
import type { RebalancePoint, RebalanceStep } from './step';

export interface RebalanceRequest {
  readonly fleet: Fleet;
  /** A packing that keeps what the lockfile has. */
  readonly packing: Packing;
  readonly prior: LockedPlacement;
  /** Fits that the search may look at in all: its measure of work. @default 15,000,000 */
  readonly work?: number;
}

export interface MoveLimits {
  readonly moves?: number;
  readonly moveBytes?: number;
}

/** Savings by moves, in the order to make them. */
export interface Rebalancing {
  /** How things stand with what the lockfile forces, before any step. */
  readonly start: RebalancePoint;
  readonly steps: readonly RebalanceStep[];
  /** How many steps, from the first, stay within the limits. */
  readonly within: (limits: MoveLimits) => number;
  /** The packing after that many steps. */
  readonly after: (steps: number) => Packing;
}

const usualWork = 15_000_000;

/**
 * Finds moves of copies between shards that save most for the fewest moves. Each step ends whole shards, takes them to a
 * cheaper pool, or takes a pod from one, and costs less than what was before it; a step's copies all move or none does.
 * The same input gives the same steps: work is counted, not timed.
 */
export function rebalance({ fleet, packing, prior, work = usualWork }: RebalanceRequest): Rebalancing {
  const board = new Board(fleet, packing, prior);
  const start = board.point;
  const weights = board.classes.map((of) => of.sharing.models.length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const savings: Saving[][] = [];
  board.classes.forEach((of, c) => {
    const share = Math.ceil((work * (weights[c] as number)) / Math.max(1, total));
    const own = searchClass(board, of, { fit: 'tight', candidates: 4, work: Math.max(50_000, share) });
    // What a class gives up, no other may count on: the steps of another may come first.
    for (const { entries } of own)
      for (const entry of entries)
        if (entry.did === 'close') board.room.add(entry.site.pool, of.owner, entry.site.replicas);
        else if (entry.did === 'resize') board.room.add(entry.site.pool, of.owner, entry.before - entry.after);
    savings.push(own);
  });
  const ordered = inOrder(savings);
  const points: RebalancePoint[] = [];
  let last = start;
  for (const saving of ordered) {
    last = {
      moves: last.moves + saving.moves,
      moveBytes: last.moveBytes + saving.moveBytes,
      pods: last.pods + saving.pods,
      podCostMicrosPerHour: last.podCostMicrosPerHour + saving.cost,
    };
    points.push(last);
  }
  const steps = ordered.map(
    (saving, at): RebalanceStep => ({
      kind: saving.kind,
      shards: saving.shards,
      opened: saving.opened === null ? null : { id: saving.opened.id, pool: saving.opened.pool.name },
      point: points[at] as RebalancePoint,
    }),
  );
  return {
    start,
    steps,
    within: ({ moves = Number.POSITIVE_INFINITY, moveBytes = Number.POSITIVE_INFINITY }) => {
      const past = points.findIndex((point) => point.moves > moves || point.moveBytes > moveBytes);
      return past === -1 ? points.length : past;
    },
    after: (count) =>
      packingAfter(
        fleet,
        packing,
        prior,
        ordered.slice(0, count).flatMap((saving) => saving.entries),
      ),
  };
}
