import { podShare } from '../../declare/capacity';
import type { Fleet, Pool } from '../../declare/fleet';
import type { BudgetName } from '../plan';

/** What one shard pod takes of a budget: `amount` / `of`, whole numbers. */
export interface PodUse {
  readonly amount: number;
  readonly of: number;
}

/** Null for budgets that pods do not add up to. A pod takes its part of a node, as if nodes were shared out whole. */
export function podUse(budget: BudgetName, pool: Pool): PodUse | null {
  const { podsPerNode } = pool;
  switch (budget) {
    case 'pods':
    case 'ips':
      return { amount: 1, of: 1 };
    case 'nodes':
      return { amount: 1, of: podsPerNode };
    case 'cpu':
      return { amount: podShare(pool).cpuMillis, of: 1 };
    case 'memory':
      return { amount: podShare(pool).memoryBytes, of: 1 };
    case 'costPerHour':
      return { amount: pool.nodePriceMicrosPerHour, of: podsPerNode };
    case 'modelsPerShard':
    case 'replicaSets':
    case 'moves':
    case 'moveBytes':
      return null;
  }
  if (budget.startsWith('gpus.')) return { amount: budget === `gpus.${pool.accelerator?.kind ?? ''}` ? 1 : 0, of: 1 };
  return { amount: budget === `pool.${pool.name}.nodes` ? 1 : 0, of: podsPerNode };
}

/** What the routers take of a budget, whatever models there are. */
export function routersUse(fleet: Fleet, budget: BudgetName): number {
  const { mesh } = fleet;
  if (budget === 'pods' || budget === 'ips') return mesh.routerReplicas;
  if (budget === 'cpu') return mesh.routerReplicas * (mesh.routerCpuMillis + mesh.envoyCpuMillis);
  if (budget === 'memory') return mesh.routerReplicas * (mesh.routerMemoryBytes + mesh.envoyMemoryBytes);
  return 0;
}
