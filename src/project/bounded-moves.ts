import type { Fleet } from '../declare/fleet';
import type { LockedPlacement, Packing } from '../pack/packing';
import { type MoveLimits, type Rebalancing, rebalance } from '../pack/rebalance/rebalance';

/** The limits given, and the fleet's own hard budgets on a change. */
export function moveLimits(fleet: Fleet, given: MoveLimits): MoveLimits {
  const { moves, moveBytes } = fleet.budgets;
  const least = (one: number | undefined, budget: typeof moves): { readonly limit?: number } => {
    const hard = budget?.enforcement === 'hard' ? budget.limit : undefined;
    const both = [one, hard].filter((limit) => limit !== undefined);
    return both.length === 0 ? {} : { limit: Math.min(...both) };
  };
  const counted = least(given.moves, moves).limit;
  const bytes = least(given.moveBytes, moveBytes).limit;
  return {
    ...(counted === undefined ? {} : { moves: counted }),
    ...(bytes === undefined ? {} : { moveBytes: bytes }),
  };
}

/** The cheapest placement on the way from the lockfile's that stays within the limits. */
export function withinMoves(
  fleet: Fleet,
  packing: Packing,
  prior: LockedPlacement,
  limits: MoveLimits,
): { readonly packing: Packing; readonly found: Rebalancing } {
  const found = rebalance({ fleet, packing, prior });
  return { packing: found.after(found.within(moveLimits(fleet, limits))), found };
}
