import type { LockedPlacement, Packing } from '../pack/packing';
import type { Home } from './homes';
import { modelChanges } from './model-changes';
import type { Changes, PlannedShard } from './plan';

/** What a packing changes against the lockfile; on a first plan all is new. Lists are sorted by code point. */
export function changesAgainst(
  prior: LockedPlacement | undefined,
  packing: Packing,
  shards: readonly PlannedShard[],
  homes: ReadonlyMap<string, Home<PlannedShard>>,
): Changes {
  const old = new Map((prior?.shards ?? []).map((shard) => [shard.id, shard]));
  const now = new Set(shards.map((shard) => shard.id));
  const reasons = new Map(packing.evicted.map(({ model, shard, reason }) => [`${model} ${shard}`, reason]));
  const { added, removed, moved, copies, resized, moveBytes } = modelChanges(
    {
      models: prior?.models ?? [],
      // Pods that stay hold their files; other pods (another pool's, or more of them) fetch theirs.
      freshPods: ({ id, pool, replicas }) => {
        const before = old.get(id);
        return before?.pool === pool ? Math.max(0, replicas - before.replicas) : replicas;
      },
      reason: (model, from) => reasons.get(`${model} ${from}`) ?? (now.has(from) ? 'repack' : 'shard-gone'),
    },
    homes,
  );
  // Spelled out for the order of the plan's JSON.
  return {
    against: prior === undefined ? 'nothing' : 'lockfile',
    added,
    removed,
    moved,
    copies,
    resized,
    shardsAdded: shards.map((shard) => shard.id).filter((id) => !old.has(id)),
    shardsRemoved: [...old.keys()].filter((id) => !now.has(id)).sort(),
    moveBytes,
  };
}
