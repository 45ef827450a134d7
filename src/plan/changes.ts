import type { LockedPlacement, Packing } from '../pack/packing';
import type { Changes, Move, PlannedShard, Resize } from './plan';

/** What a packing changes against the lockfile; on a first plan all is new. Lists are sorted by code point. */
export function changesAgainst(
  prior: LockedPlacement | undefined,
  packing: Packing,
  shards: readonly PlannedShard[],
): Changes {
  const oldShards = new Map((prior?.shards ?? []).map((shard) => [shard.id, shard]));
  const oldModels = new Map((prior?.models ?? []).map((model) => [model.key, model]));
  const reasons = new Map(packing.evicted.map(({ model, reason }) => [model, reason]));
  const added: string[] = [];
  const moved: Move[] = [];
  const resized: Resize[] = [];
  let moveBytes = 0;
  let known = 0;
  for (const shard of shards) {
    const before = oldShards.get(shard.id);
    // Pods that stay hold their files; other pods (another pool's, or more of them) fetch theirs.
    const freshPods = before?.pool === shard.pool ? Math.max(0, shard.replicas - before.replicas) : shard.replicas;
    shard.models.forEach((key, i) => {
      const old = oldModels.get(key);
      const stays = old?.shards.includes(shard.id) === true;
      moveBytes += (stays ? freshPods : shard.replicas) * (shard.sizes.diskBytes[i] ?? 0);
      if (old === undefined) {
        added.push(key);
        return;
      }
      known++;
      if (!stays) {
        const from = old.shards[0] as string;
        const fallback = oldShards.has(from) ? 'repack' : 'shard-gone';
        moved.push({ model: key, from, to: shard.id, reason: reasons.get(key) ?? fallback });
      }
      const acceleratorMemoryBytes = shard.sizes.acceleratorMemoryBytes[i] ?? 0;
      const memoryBytes = shard.sizes.memoryBytes[i] ?? 0;
      if (old.acceleratorMemoryBytes !== acceleratorMemoryBytes || old.memoryBytes !== memoryBytes)
        resized.push({
          model: key,
          acceleratorMemoryBytes: { before: old.acceleratorMemoryBytes, after: acceleratorMemoryBytes },
          memoryBytes: { before: old.memoryBytes, after: memoryBytes },
        });
    });
  }
  const now = new Set(shards.map((shard) => shard.id));
  return {
    against: prior === undefined ? 'nothing' : 'lockfile',
    added: added.sort(),
    removed: known === oldModels.size ? [] : removedModels(oldModels, shards),
    moved: moved.sort(byModel),
    copies: [],
    resized: resized.sort(byModel),
    shardsAdded: shards.map((shard) => shard.id).filter((id) => !oldShards.has(id)),
    shardsRemoved: [...oldShards.keys()].filter((id) => !now.has(id)).sort(),
    moveBytes,
  };
}

function removedModels(before: ReadonlyMap<string, unknown>, shards: readonly PlannedShard[]): string[] {
  const present = new Set(shards.flatMap((shard) => shard.models));
  return [...before.keys()].filter((key) => !present.has(key)).sort();
}

export function byModel(a: { readonly model: string }, b: { readonly model: string }): number {
  return a.model < b.model ? -1 : a.model > b.model ? 1 : 0;
}
