import type { Fleet, Limit } from '../declare/fleet';
import type { BudgetName, BudgetUsage, Changes, PlannedShard, PlanSummary, PoolUsage } from './plan';

/** A budget of the fleet with its unit; pools' maxNodes count as hard budgets. */
export interface StatedLimit extends Limit {
  readonly budget: BudgetName;
  readonly unit: BudgetUsage['unit'];
}

/** What the fleet limits, in the order that plans list it. */
export function statedLimits(fleet: Fleet): StatedLimit[] {
  const { budgets } = fleet;
  const all: (readonly [BudgetName, BudgetUsage['unit'], Limit | null])[] = [
    ['pods', 'count', budgets.pods],
    ['ips', 'count', budgets.ips],
    ['nodes', 'count', budgets.nodes],
    ...Object.entries(budgets.gpus).map(([kind, limit]) => [`gpus.${kind}`, 'count', limit] as const),
    ['cpu', 'millicores', budgets.cpuMillis],
    ['memory', 'bytes', budgets.memoryBytes],
    ['costPerHour', 'microdollars', budgets.costMicrosPerHour],
    ['modelsPerShard', 'count', budgets.modelsPerShard],
    ['replicaSets', 'count', budgets.replicaSets],
    ['moves', 'count', budgets.moves],
    ['moveBytes', 'bytes', budgets.moveBytes],
    ...fleet.pools.map((pool) => {
      const limit = pool.maxNodes === null ? null : { limit: pool.maxNodes, enforcement: 'hard' as const };
      return [`pool.${pool.name}.nodes`, 'count', limit] as const;
    }),
  ];
  return all.flatMap(([budget, unit, limit]) => (limit === null ? [] : [{ budget, unit, ...limit }]));
}

export interface Usage {
  readonly summary: PlanSummary;
  readonly pools: readonly PoolUsage[];
  readonly shards: readonly PlannedShard[];
  readonly changes: Changes;
}

export function budgetUsages(fleet: Fleet, usage: Usage): BudgetUsage[] {
  const amounts = usedAmounts(usage);
  return statedLimits(fleet).map(({ budget, unit, limit, enforcement }) => {
    const used = amounts.get(budget) ?? 0;
    const headroom = limit - used;
    return { budget, unit, used, limit, headroom, enforcement, status: headroom < 0 ? 'broken' : 'ok' };
  });
}

function usedAmounts({ summary, pools, shards, changes }: Usage): ReadonlyMap<BudgetName, number> {
  // A first plan moves nothing: what it fetches is no change of anything running.
  const changed = changes.against === 'lockfile';
  return new Map<BudgetName, number>([
    ['pods', summary.pods],
    ['ips', summary.ips],
    ['nodes', summary.nodes],
    ...Object.entries(summary.gpus).map(([kind, count]) => [`gpus.${kind}`, count] as const),
    ['cpu', summary.cpuMillis],
    ['memory', summary.memoryBytes],
    ['costPerHour', summary.costMicrosPerHour],
    ['modelsPerShard', shards.reduce((most, shard) => Math.max(most, shard.models.length), 0)],
    ['replicaSets', summary.replicaSets],
    ['moves', changed ? changes.moved.length : 0],
    ['moveBytes', changed ? changes.moveBytes : 0],
    ...pools.map((pool) => [`pool.${pool.pool}.nodes`, pool.nodes] as const),
  ]);
}
