import { dimensions, modelDemand } from '../../declare/capacity';
import type { Fleet, Model } from '../../declare/fleet';
import { copiesByModel } from '../../pack/copies';
import type { BudgetName, Plan } from '../plan';
import { indexFleet } from '../usage';
import { podUse } from './pod-use';

/**
 * Roughly how much of the budgets each model is to blame for, by key: the fullest dimension's part of its pods, at what a
 * pod takes. It orders what is tried, and decides nothing.
 */
export function appetites(fleet: Fleet, plan: Plan, budgets: readonly BudgetName[]): ReadonlyMap<string, number> {
  const index = indexFleet(fleet);
  const copies = copiesByModel(plan.shards);
  const limits = new Map(plan.budgets.map(({ budget, limit }) => [budget, Math.max(1, limit)]));
  const linear = budgets.filter((budget) => fleet.pools.some((pool) => (podUse(budget, pool)?.amount ?? 0) > 0));
  const result = new Map<string, number>();
  for (const shard of plan.shards) {
    const pool = index.pools.get(shard.pool);
    const runtime = index.runtimes.get(shard.runtime);
    if (pool === undefined || runtime === undefined) continue;
    const price = linear.reduce((sum, budget) => {
      const use = podUse(budget, pool);
      return use === null ? sum : sum + use.amount / use.of / (limits.get(budget) ?? 1);
    }, 0);
    for (const key of shard.models) {
      const model = index.models.get(key) as Model;
      const demand = modelDemand(model, pool, runtime, copies.get(key) ?? shard.replicas);
      let part = 0;
      for (const dimension of dimensions)
        if (shard.capacity[dimension] > 0) part = Math.max(part, demand[dimension] / shard.capacity[dimension]);
      result.set(key, (result.get(key) ?? 0) + shard.replicas * part * (linear.length === 0 ? 1e-9 : price));
    }
  }
  if (budgets.includes('moves') || budgets.includes('moveBytes'))
    for (const { model } of plan.changes.moved) {
      const bytes = budgets.includes('moveBytes') ? (index.models.get(model)?.footprint.diskBytes ?? 0) / 2 ** 30 : 0;
      result.set(model, (result.get(model) ?? 0) + 1 + bytes);
    }
  return result;
}
