import type { Fleet, Limit, Model } from '../../declare/fleet';
import { statedLimits } from '../budgets';
import type { BudgetName } from '../plan';

/** Budgets that a plan must keep. `modelsPerShard` is a capacity to the packer, whatever its enforcement. */
export function hardBudgets(fleet: Fleet): BudgetName[] {
  return statedLimits(fleet)
    .filter(({ budget, enforcement }) => enforcement === 'hard' || budget === 'modelsPerShard')
    .map(({ budget }) => budget);
}

/** Budgets that change where the packer puts models; all others only measure the outcome. */
export function steersPacking(budget: BudgetName): boolean {
  return budget === 'modelsPerShard' || budget.startsWith('gpus.') || budget.startsWith('pool.');
}

/** The fleet with these models alone, and of its hard budgets those in `kept`; `limits` replace their limits. */
export function limitedFleet(
  fleet: Fleet,
  models: readonly Model[],
  kept: ReadonlySet<BudgetName>,
  limits: ReadonlyMap<BudgetName, number> = new Map(),
): Fleet {
  const of = (budget: BudgetName, limit: Limit | null): Limit | null => {
    if (limit === null) return null;
    if (kept.has(budget)) return { ...limit, limit: limits.get(budget) ?? limit.limit };
    return limit.enforcement === 'hard' || budget === 'modelsPerShard' ? null : limit;
  };
  const { budgets } = fleet;
  const gpus: Record<string, Limit> = {};
  for (const [kind, limit] of Object.entries(budgets.gpus)) {
    const own = of(`gpus.${kind}`, limit);
    if (own !== null) gpus[kind] = own;
  }
  return {
    ...fleet,
    models,
    budgets: {
      pods: of('pods', budgets.pods),
      ips: of('ips', budgets.ips),
      nodes: of('nodes', budgets.nodes),
      gpus,
      cpuMillis: of('cpu', budgets.cpuMillis),
      memoryBytes: of('memory', budgets.memoryBytes),
      costMicrosPerHour: of('costPerHour', budgets.costMicrosPerHour),
      modelsPerShard: of('modelsPerShard', budgets.modelsPerShard),
      replicaSets: of('replicaSets', budgets.replicaSets),
      moves: of('moves', budgets.moves),
      moveBytes: of('moveBytes', budgets.moveBytes),
    },
    pools: fleet.pools.map((pool) => {
      if (pool.maxNodes === null) return pool;
      const limit = of(`pool.${pool.name}.nodes`, { limit: pool.maxNodes, enforcement: 'hard' });
      return { ...pool, maxNodes: limit?.limit ?? null };
    }),
  };
}
