import type { Fleet, Limit } from '../declare/fleet';
import type { BudgetUsage } from '../plan/plan';

/** What the fleet limits, by the name that plans give it. */
export interface DeclaredLimit extends Limit {
  readonly name: string;
  readonly unit: BudgetUsage['unit'];
  readonly of: LimitKind;
  /** The accelerator kind or the pool. */
  readonly subject: string;
}

export type LimitKind =
  | 'pods'
  | 'ips'
  | 'nodes'
  | 'gpus'
  | 'cpu'
  | 'memory'
  | 'cost'
  | 'modelsPerShard'
  | 'replicaSets'
  | 'moves'
  | 'moveBytes'
  | 'poolNodes';

export function declaredLimits({ budgets, pools }: Fleet): readonly DeclaredLimit[] {
  const limits: DeclaredLimit[] = [];
  const add = (of: LimitKind, unit: DeclaredLimit['unit'], limit: Limit | null, name: string = of, subject = '') => {
    if (limit !== null) limits.push({ name, unit, of, subject, limit: limit.limit, enforcement: limit.enforcement });
  };
  add('pods', 'count', budgets.pods);
  add('ips', 'count', budgets.ips);
  add('nodes', 'count', budgets.nodes);
  for (const [kind, limit] of Object.entries(budgets.gpus)) add('gpus', 'count', limit, `gpus.${kind}`, kind);
  add('cpu', 'millicores', budgets.cpuMillis);
  add('memory', 'bytes', budgets.memoryBytes);
  add('cost', 'microdollars', budgets.costMicrosPerHour, 'costPerHour');
  add('modelsPerShard', 'count', budgets.modelsPerShard);
  add('replicaSets', 'count', budgets.replicaSets);
  add('moves', 'count', budgets.moves);
  add('moveBytes', 'bytes', budgets.moveBytes);
  // A pool's most nodes are a hard limit.
  for (const { name, maxNodes } of pools)
    if (maxNodes !== null)
      add('poolNodes', 'count', { limit: maxNodes, enforcement: 'hard' }, `pool.${name}.nodes`, name);
  return limits;
}
