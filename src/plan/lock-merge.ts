import { byCodePoint } from '../declare/findings';
import type { LockedModel, LockedPlacement, LockedShard } from '../pack/packing';
import { newShardId } from '../pack/shard-id';

export interface MergedLocks {
  readonly merged: LockedPlacement;
  /** Sentences on what both sides changed and how it was settled; empty after a clean merge. */
  readonly notes: readonly string[];
}

/**
 * Merges two branches' lockfiles over their common ancestor, entry by entry and copy by copy: what one side alone added,
 * moved, resized or removed is taken; where both changed the same, ours stays. The result is a lockfile to pack with:
 * models that no longer fit together are moved then, and the budgets checked.
 */
export function mergeLocks(base: LockedPlacement, ours: LockedPlacement, theirs: LockedPlacement): MergedLocks {
  const notes: string[] = [];
  const renamed = renameCollisions(base, ours, theirs, notes);
  const models = mergeModels(base, ours, renamed, notes);
  const shards = mergeShards(base, ours, renamed, new Set(models.flatMap((model) => model.shards)), notes);
  return { merged: { shards, models }, notes };
}

/** A shard that both sides added under one id for different content: theirs gets another id. */
function renameCollisions(
  base: LockedPlacement,
  ours: LockedPlacement,
  theirs: LockedPlacement,
  notes: string[],
): LockedPlacement {
  const old = shardsById(base);
  const mine = shardsById(ours);
  const taken = new Set([...old.keys(), ...mine.keys(), ...theirs.shards.map((shard) => shard.id)]);
  const ids = new Map<string, string>();
  for (const shard of theirs.shards) {
    const own = mine.get(shard.id);
    if (old.has(shard.id) || own === undefined || sameKind(own, shard)) continue;
    const id = newShardId(`${shard.id}#theirs`, taken);
    taken.add(id);
    ids.set(shard.id, id);
    notes.push(`both sides added a shard ${shard.id} of their own: theirs is ${id} now`);
  }
  if (ids.size === 0) return theirs;
  const rename = (id: string) => ids.get(id) ?? id;
  return {
    shards: theirs.shards.map((shard) => ({ ...shard, id: rename(shard.id) })),
    models: theirs.models.map((model) => ({ ...model, shards: model.shards.map(rename).sort(byCodePoint) })),
  };
}

function mergeModels(
  base: LockedPlacement,
  ours: LockedPlacement,
  theirs: LockedPlacement,
  notes: string[],
): LockedModel[] {
  const old = new Map(base.models.map((model) => [model.key, model]));
  const mine = new Map(ours.models.map((model) => [model.key, model]));
  const other = new Map(theirs.models.map((model) => [model.key, model]));
  const keys = [...new Set([...mine.keys(), ...other.keys()])].sort(byCodePoint);
  const merged: LockedModel[] = [];
  for (const key of keys) {
    const o = mine.get(key);
    const t = other.get(key);
    const b = old.get(key);
    if (o !== undefined && t !== undefined) merged.push(mergeModel(key, b, o, t, notes));
    else {
      const only = (o ?? t) as LockedModel;
      if (b === undefined) merged.push(only);
      else if (!sameModel(b, only)) {
        // The declaration decides whether the model is still there; a line for it does no harm.
        merged.push(only);
        notes.push(`${key} was removed on one side and changed on the other: kept`);
      }
    }
  }
  return merged;
}

function mergeModel(
  key: string,
  base: LockedModel | undefined,
  ours: LockedModel,
  theirs: LockedModel,
  notes: string[],
): LockedModel {
  const shards = mergeHomes(base?.shards ?? [], ours.shards, theirs.shards);
  if (shards === null)
    notes.push(
      `${key} was placed on both sides: it stays in our ${ours.shards.join(', ')}, not in their ${theirs.shards.join(', ')}`,
    );
  return {
    key,
    shards: shards ?? ours.shards,
    acceleratorMemoryBytes: pick(
      base?.acceleratorMemoryBytes,
      ours.acceleratorMemoryBytes,
      theirs.acceleratorMemoryBytes,
    ),
    memoryBytes: pick(base?.memoryBytes, ours.memoryBytes, theirs.memoryBytes),
  };
}

/**
 * What both sides did to a model's copies, one by one; null where they moved the same copy, or each added one, so that
 * both together would leave it with another number of shards than either side means.
 */
function mergeHomes(
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
): readonly string[] | null {
  const [b, o, t] = [base.join(), ours.join(), theirs.join()];
  if (o === t || b === t) return ours;
  if (b === o) return theirs;
  const kept = base.filter((id) => ours.includes(id) && theirs.includes(id));
  const came = [...ours, ...theirs].filter((id) => !base.includes(id));
  const both = [...new Set([...kept, ...came])].sort(byCodePoint);
  const wanted = countAfter(base.length, ours.length, theirs.length);
  return both.length === wanted ? both : null;
}

/** The shards that a merged model is in; one that a side removed comes back if the other side still uses it. */
function mergeShards(
  base: LockedPlacement,
  ours: LockedPlacement,
  theirs: LockedPlacement,
  used: ReadonlySet<string>,
  notes: string[],
): LockedShard[] {
  const old = shardsById(base);
  const mine = shardsById(ours);
  const other = shardsById(theirs);
  const merged: LockedShard[] = [];
  for (const id of [...used].sort(byCodePoint)) {
    const o = mine.get(id);
    const t = other.get(id);
    const b = old.get(id);
    if (o !== undefined && t !== undefined) {
      const kind = b !== undefined && sameKind(b, o) ? t : o;
      if (!sameKind(o, t) && kind === o && !(b !== undefined && sameKind(b, t)))
        notes.push(`the shard ${id} was changed on both sides: it stays on our pool ${o.pool}`);
      merged.push({ ...kind, replicas: countAfter(b?.replicas, o.replicas, t.replicas) });
    } else {
      const only = o ?? t ?? b;
      if (only !== undefined) merged.push(only);
    }
  }
  return merged;
}

/** Of replicas or shards; where both sides changed it, the higher one carries both sides' models and loads. */
function countAfter(base: number | undefined, ours: number, theirs: number): number {
  if (base === ours) return theirs;
  if (base === theirs) return ours;
  return Math.max(ours, theirs);
}

function pick<T>(base: T | undefined, ours: T, theirs: T): T {
  return base !== undefined && base === ours ? theirs : ours;
}

function sameModel(a: LockedModel, b: LockedModel): boolean {
  return (
    a.shards.join() === b.shards.join() &&
    a.acceleratorMemoryBytes === b.acceleratorMemoryBytes &&
    a.memoryBytes === b.memoryBytes
  );
}

function sameKind(a: LockedShard, b: LockedShard): boolean {
  return a.pool === b.pool && a.runtime === b.runtime && a.base === b.base && a.group === b.group;
}

function shardsById(locked: LockedPlacement): Map<string, LockedShard> {
  return new Map(locked.shards.map((shard) => [shard.id, shard]));
}
