import type { Fleet, Limit } from '../../../declare/fleet';
import type { LockedPlacement } from '../../../pack/packing';

export interface LockedUsage {
  readonly what: string;
  readonly used: number;
  readonly limit: number;
}

/** The budgets that a lockfile alone can be held against: pods, IPs, GPUs, models a shard, replica sets. */
export function lockedUsage(fleet: Fleet, locked: LockedPlacement): readonly LockedUsage[] {
  const { budgets, mesh, pools } = fleet;
  const pods = locked.shards.reduce((sum, shard) => sum + shard.replicas, mesh.routerReplicas);
  const kindOf = new Map(pools.map((pool) => [pool.name, pool.accelerator?.kind ?? null]));
  const gpus = new Map<string, number>();
  for (const { pool, replicas } of locked.shards) {
    const kind = kindOf.get(pool) ?? null;
    if (kind !== null) gpus.set(kind, (gpus.get(kind) ?? 0) + replicas);
  }
  const models = new Map<string, number>();
  for (const { shards } of locked.models) for (const shard of shards) models.set(shard, (models.get(shard) ?? 0) + 1);
  const sets = new Set(locked.models.map(({ shards }) => shards.join()));
  const most = [...models.values()].reduce((a, b) => Math.max(a, b), 0);
  const rows: readonly (readonly [string, number, Limit | null])[] = [
    ['pods', pods, budgets.pods],
    ['IP addresses', pods, budgets.ips],
    ...Object.entries(budgets.gpus).map(([kind, limit]) => [`${kind} GPUs`, gpus.get(kind) ?? 0, limit] as const),
    ['models a shard', most, budgets.modelsPerShard],
    ['replica sets', sets.size, budgets.replicaSets],
  ];
  return rows.flatMap(([what, used, limit]) => (limit === null ? [] : [{ what, used, limit: limit.limit }]));
}
