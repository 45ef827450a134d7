import type { Fleet } from '../../declare/fleet';
import { isOnDemand } from '../../ondemand/rates';
import { pack } from '../../pack/pack';
import type { Packing, PackRequest } from '../../pack/packing';
import { brokenBudgets, makePlan } from '../make-plan';
import type { BudgetName, Plan } from '../plan';
import { provenLeast } from './least';
import { podUse } from './pod-use';
import { atPrices, tooDear, weigh } from './weighed';

/** Tries to find a plan within the hard budgets. */
export interface Attempt {
  readonly fits: boolean;
  /** What fits; else the cheapest that was found. */
  readonly packing: Packing;
  readonly plan: Plan;
  /** Does a bound say that nothing fits? */
  readonly proven: boolean;
  /** The packing at the price of nodes, which only pools and GPUs steer. */
  readonly first: Packing;
  /** Calls of the packer. */
  readonly packings: number;
}

/** Packings at the price of broken budgets, after the one at the price of nodes. */
const mostWeighings = 2;

/**
 * The cheapest packing where that keeps the hard budgets, else one that spares those it breaks. The packer itself knows
 * only those on pools and GPUs.
 * @param first the cheapest packing, where it is known
 * @throws StowageError STW2001
 */
export function attempt(request: PackRequest, first?: Packing): Attempt {
  const { fleet, prior } = request;
  const packing = first ?? pack(request);
  request.onEvent?.({ type: 'phase-start', phase: 'plan' });
  const plan = makePlan(fleet, packing, prior);
  request.onEvent?.({ type: 'phase-end', phase: 'plan' });
  let packings = first === undefined ? 1 : 0;
  const broken = new Map(brokenBudgets(plan).map((budget) => [budget.budget, budget]));
  if (broken.size === 0) return { fits: true, packing, plan, proven: false, first: packing, packings };
  let proven = [...broken.values()].some(
    ({ budget, limit }) => (provenLeast(fleet, packing.bound, budget) ?? 0) > limit,
  );
  for (let round = 0; round < mostWeighings && !proven && mayWeigh(fleet, [...broken.keys()]); round++) {
    const weighing = weigh(fleet, [...broken.values()]);
    if (weighing === null) break;
    proven = tooDear(fleet, packing.bound, weighing);
    if (proven) break;
    const { onEvent: _, ...quiet } = request;
    const other = pack({ ...quiet, fleet: atPrices(fleet, weighing.prices) });
    packings++;
    proven = other.bound.podCostMicrosPerHour > weighing.affordable;
    // The bound stays that of the cost: it holds for any packing.
    const spared: Packing = { ...other, bound: packing.bound };
    const sparedPlan = makePlan(fleet, spared, prior);
    const still = brokenBudgets(sparedPlan);
    if (still.length === 0)
      return { fits: true, packing: spared, plan: sparedPlan, proven: false, first: packing, packings };
    const before = broken.size;
    for (const budget of still) broken.set(budget.budget, budget);
    if (broken.size === before) break;
  }
  return { fits: false, packing, plan, proven, first: packing, packings };
}

/** Where prices could change anything. Room for on-demand models is sized by prices: theirs stay. */
export function mayWeigh(fleet: Fleet, budgets: readonly BudgetName[]): boolean {
  return (
    budgets.some((budget) => fleet.pools.some((pool) => podUse(budget, pool) !== null)) &&
    fleet.models.some((model) => model.pools.length > 1) &&
    !fleet.models.some(isOnDemand)
  );
}
