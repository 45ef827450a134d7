import type { LockedModel, MoveReason } from '../pack/packing';
import type { Home } from './homes';
import type { Changes, CopyChange, Move, PlannedShard, Resize } from './plan';

export type ModelChanges = Pick<Changes, 'added' | 'removed' | 'moved' | 'copies' | 'resized' | 'moveBytes'>;

/** What a comparison knows of the time before. */
export interface Before {
  readonly models: readonly LockedModel[];
  /** Pods of the shard that hold no files yet: all of a new one. */
  readonly freshPods: (shard: PlannedShard) => number;
  readonly reason: (model: string, from: string, to: string) => MoveReason;
}

/**
 * How the models' placement differs from an earlier one. The shards that a model left and those that it came to are
 * paired in the order of their ids: each pair is a move, and what is left over shows as a change of its copies. Lists are
 * sorted by model.
 */
export function modelChanges(before: Before, homes: ReadonlyMap<string, Home<PlannedShard>>): ModelChanges {
  const old = new Map(before.models.map((model) => [model.key, model]));
  const fresh = freshPodsOnce(before);
  const added: string[] = [];
  const moved: Move[] = [];
  const copies: CopyChange[] = [];
  const resized: Resize[] = [];
  let moveBytes = 0;
  for (const [model, home] of homes) {
    const was = old.get(model);
    const { left, came } = homeChange(was?.shards ?? [], home.shards);
    moveBytes += podsToFill(home.shards, came, fresh) * (home.shards[0]?.sizes.diskBytes[home.at] ?? 0);
    if (was === undefined) {
      added.push(model);
      continue;
    }
    for (let k = 0; k < Math.min(left.length, came.length); k++) {
      const [from, to] = [left[k] as string, came[k] as string];
      moved.push({ model, from, to, reason: before.reason(model, from, to) });
    }
    if (left.length !== came.length) copies.push({ model, before: was.shards.length, after: home.shards.length });
    const resize = resizeOf(was, home);
    if (resize !== null) resized.push(resize);
  }
  return {
    added: added.sort(),
    removed: [...old.keys()].filter((key) => !homes.has(key)).sort(),
    moved: moved.sort(byModel),
    copies: copies.sort(byModel),
    resized: resized.sort(byModel),
    moveBytes,
  };
}

const none: readonly string[] = [];

/** Of two sorted lists of shards: the ids that only the first has, and those that only the second has. */
function homeChange(
  before: readonly string[],
  after: readonly { readonly id: string }[],
): { readonly left: readonly string[]; readonly came: readonly string[] } {
  if (before.length === after.length && before.every((id, i) => id === after[i]?.id)) return { left: none, came: none };
  const left: string[] = [];
  const came: string[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const was = before[i];
    const is = after[j]?.id;
    if (was === is) {
      i++;
      j++;
    } else if (is === undefined || (was !== undefined && was < is)) {
      left.push(was as string);
      i++;
    } else {
      came.push(is);
      j++;
    }
  }
  return { left, came };
}

/** Pods that must fetch the model: all of a shard that it came to, the fresh ones of a shard where it stays. */
function podsToFill(
  shards: readonly PlannedShard[],
  came: readonly string[],
  fresh: (shard: PlannedShard) => number,
): number {
  let pods = 0;
  let next = 0;
  for (const shard of shards) {
    const isNew = shard.id === came[next];
    if (isNew) next++;
    pods += isNew ? shard.replicas : fresh(shard);
  }
  return pods;
}

function freshPodsOnce({ freshPods }: Before): (shard: PlannedShard) => number {
  const known = new Map<PlannedShard, number>();
  return (shard) => {
    let pods = known.get(shard);
    if (pods === undefined) {
      pods = freshPods(shard);
      known.set(shard, pods);
    }
    return pods;
  };
}

function resizeOf(was: LockedModel, { shards, at }: Home<PlannedShard>): Resize | null {
  const sizes = shards[0]?.sizes;
  const acceleratorMemoryBytes = sizes?.acceleratorMemoryBytes[at] ?? 0;
  const memoryBytes = sizes?.memoryBytes[at] ?? 0;
  if (was.acceleratorMemoryBytes === acceleratorMemoryBytes && was.memoryBytes === memoryBytes) return null;
  return {
    model: was.key,
    acceleratorMemoryBytes: { before: was.acceleratorMemoryBytes, after: acceleratorMemoryBytes },
    memoryBytes: { before: was.memoryBytes, after: memoryBytes },
  };
}

/** For a stable sort: the moves of one model stay in the order of their shards. */
function byModel(a: { readonly model: string }, b: { readonly model: string }): number {
  return a.model < b.model ? -1 : a.model > b.model ? 1 : 0;
}
