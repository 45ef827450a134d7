import type { Fleet } from '../declare/fleet';
import { isOnDemand } from '../ondemand/rates';
import type { LockedPlacement, Packing } from '../pack/packing';
import { sharingClasses } from '../pack/sharing';
import { baselineOf } from './baseline';
import { budgetUsages } from './budgets';
import { changesAgainst } from './changes';
import { countReplicaSets, homesOf } from './homes';
import { plannedOnDemand } from './on-demand';
import { type BudgetUsage, type Plan, planFormatVersion } from './plan';
import { rolloutWarnings } from './rollout-room';
import { millionths } from './rounding';
import { indexFleet, plannedShards, poolUsages, summarise } from './usage';
import { planWarnings } from './warnings';

/**
 * Everything about a placement: usage against budgets, baseline, gaps to the bound, changes against the lockfile. Holds no
 * time and no machine: the same fleet and lockfile give the same plan.
 * @param prior the lockfile that `packing` was made with; absent on a first plan
 * @throws StowageError STW2101 where the packing is of another fleet
 */
export function makePlan(fleet: Fleet, packing: Packing, prior?: LockedPlacement): Plan {
  const index = indexFleet(fleet);
  const shards = plannedShards(index, packing);
  const pools = poolUsages(fleet, shards);
  const homes = homesOf(shards);
  const summary = summarise(index, shards, pools, countReplicaSets(homes));
  const changes = changesAgainst(prior, packing, shards, homes);
  const budgets = budgetUsages(fleet, { summary, pools, shards, changes });
  const { bound } = packing;
  return {
    formatVersion: planFormatVersion,
    fleet: { name: fleet.name, namespace: fleet.namespace },
    summary,
    budgets,
    pools,
    baseline: baselineOf(index),
    bound: {
      certificate: bound,
      podsGapMicro: millionths(summary.shardPods - bound.pods, bound.pods),
      costGapMicro: millionths(summary.podCostMicrosPerHour - bound.podCostMicrosPerHour, bound.podCostMicrosPerHour),
    },
    shards,
    changes,
    warnings: [...planWarnings(fleet, budgets, changes), ...rolloutWarnings(fleet, { shards, pools, budgets })],
    ...(fleet.models.some(isOnDemand) ? { onDemand: plannedOnDemand(fleet, sharingClasses(fleet)) } : {}),
  };
}

/** The hard budgets that the plan does not keep: reasons not to apply it. */
export function brokenBudgets(plan: Plan): readonly BudgetUsage[] {
  return plan.budgets.filter((budget) => budget.status === 'broken' && budget.enforcement === 'hard');
}
