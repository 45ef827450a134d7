import type { Model } from '../declare/fleet';
import type { LockedModel, LockedPlacement } from '../pack/packing';
import { checkAlone, checkReason, type Moves } from './check-changes-alone';
import type { CheckedShard, Placement } from './check-shards';
import type { Declared } from './declared';
import { Tally } from './exact';
import type { FindingLog } from './finding-log';
import { field, shown, strings } from './reading';

interface Expected {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly moved: readonly { readonly model: string; readonly from: string; readonly to: string }[];
  readonly copies: readonly { readonly model: string; readonly before: number; readonly after: number }[];
  readonly resized: readonly Resized[];
  readonly shardsAdded: readonly string[];
  readonly shardsRemoved: readonly string[];
  readonly moveBytes: bigint;
}

interface Resized {
  readonly model: string;
  readonly before: LockedModel;
  readonly after: Model['footprint'];
}

/**
 * The changes against the lockfile. Without it a plan that says it was made against one can only be held against
 * itself: what it says of moves is then taken as stated.
 */
export function checkChanges(
  { fleet }: Declared,
  changes: unknown,
  { shards, homes }: Placement,
  prior: LockedPlacement | undefined,
  log: FindingLog,
): Moves {
  const against = field(changes, 'against');
  const unknownLock = prior === undefined && against === 'lockfile';
  if (unknownLock) return checkAlone(changes, shards, log);
  log.figure('changes.against', against, prior === undefined ? 'nothing' : 'lockfile');
  const expected = expectedChanges(fleet.models, shards, homes, prior ?? { shards: [], models: [] });
  for (const name of ['added', 'removed', 'shardsAdded', 'shardsRemoved'] as const)
    compareLists(`changes.${name}`, field(changes, name), expected[name], log);
  eachEntry('changes.moved', field(changes, 'moved'), expected.moved, log, (entry, path, { from, to }) => {
    log.figure(`${path}.from`, field(entry, 'from'), from);
    log.figure(`${path}.to`, field(entry, 'to'), to);
    checkReason(entry, path, log);
  });
  eachEntry('changes.copies', field(changes, 'copies'), expected.copies, log, (entry, path, { before, after }) => {
    log.figure(`${path}.before`, field(entry, 'before'), before);
    log.figure(`${path}.after`, field(entry, 'after'), after);
  });
  eachEntry('changes.resized', field(changes, 'resized'), expected.resized, log, (entry, path, { before, after }) => {
    for (const name of ['acceleratorMemoryBytes', 'memoryBytes'] as const) {
      log.figure(`${path}.${name}.before`, field(field(entry, name), 'before'), before[name]);
      log.figure(`${path}.${name}.after`, field(field(entry, name), 'after'), after[name]);
    }
  });
  log.figure('changes.moveBytes', field(changes, 'moveBytes'), Number(expected.moveBytes));
  if (prior === undefined) return { moves: 0, moveBytes: 0n };
  return { moves: expected.moved.length, moveBytes: expected.moveBytes };
}

function expectedChanges(
  models: readonly Model[],
  shards: readonly CheckedShard[],
  homes: readonly (readonly string[])[],
  prior: LockedPlacement,
): Expected {
  const oldModels = new Map(prior.models.map((model) => [model.key, model]));
  const added: string[] = [];
  const moved: { model: string; from: string; to: string }[] = [];
  const copies: { model: string; before: number; after: number }[] = [];
  const resized: Resized[] = [];
  const removed = new Set(oldModels.keys());
  models.forEach((model, index) => {
    const { key, footprint } = model;
    const ids = homes[index] ?? [];
    if (ids.length === 0) return;
    removed.delete(key);
    const old = oldModels.get(key);
    if (old === undefined) {
      added.push(key);
      return;
    }
    const left = old.shards.filter((id) => !ids.includes(id)).sort();
    const came = ids.filter((id) => !old.shards.includes(id)).sort();
    left.slice(0, came.length).forEach((from, k) => {
      moved.push({ model: key, from, to: came[k] as string });
    });
    if (old.shards.length !== ids.length) copies.push({ model: key, before: old.shards.length, after: ids.length });
    if (old.acceleratorMemoryBytes !== footprint.acceleratorMemoryBytes || old.memoryBytes !== footprint.memoryBytes)
      resized.push({ model: key, before: old, after: footprint });
  });
  const ids = new Set(shards.map((shard) => shard.id));
  const oldIds = new Set(prior.shards.map((shard) => shard.id));
  return {
    added: added.sort(),
    removed: [...removed].sort(),
    // Sorting is stable: moves of one model stay in the order of the shards that they leave.
    moved: moved.sort(byModel),
    copies: copies.sort(byModel),
    resized: resized.sort(byModel),
    shardsAdded: [...ids].filter((id) => !oldIds.has(id)).sort(),
    shardsRemoved: [...oldIds].filter((id) => !ids.has(id)).sort(),
    moveBytes: fetchedBytes(shards, prior, oldModels),
  };
}

function byModel(a: { readonly model: string }, b: { readonly model: string }): number {
  if (a.model === b.model) return 0;
  return a.model < b.model ? -1 : 1;
}

/** Every pod that has not the files of one of its models fetches them. */
function fetchedBytes(
  shards: readonly CheckedShard[],
  prior: LockedPlacement,
  oldModels: ReadonlyMap<string, LockedModel>,
): bigint {
  const oldShards = new Map(prior.shards.map((shard) => [shard.id, shard]));
  const bytes = new Tally();
  for (const { id, pool, replicas, models } of shards) {
    const old = oldShards.get(id);
    // Pods that were there before, of the same pool, keep their files.
    const warm = old !== undefined && old.pool === pool.name ? Math.min(old.replicas, replicas) : 0;
    for (const { key, footprint } of models) {
      const stayed = oldModels.get(key)?.shards.includes(id) === true;
      bytes.add(footprint.diskBytes, stayed ? replicas - warm : replicas);
    }
  }
  return bytes.total;
}

function compareLists(path: string, stated: unknown, expected: readonly string[], log: FindingLog): void {
  const list = strings(stated);
  if (list === null) {
    log.add('STW2106', path, `${path} must be a list of names, not ${shown(stated)}`);
    return;
  }
  const wrong = list.findIndex((entry, at) => entry !== expected[at]);
  if (wrong !== -1)
    log.add(
      'STW2104',
      `${path}[${wrong}]`,
      `${path}[${wrong}] is ${shown(list[wrong])}, not ${shown(expected[wrong])}`,
    );
  else if (list.length !== expected.length)
    log.add('STW2104', path, `${path} lists ${list.length} of ${expected.length}: ${expected[list.length]} is missing`);
}

/** Walks a list of objects that must be of the expected models, in this order. */
function eachEntry<T extends { readonly model: string }>(
  path: string,
  stated: unknown,
  expected: readonly T[],
  log: FindingLog,
  check: (entry: unknown, path: string, wanted: T) => void,
): void {
  if (!Array.isArray(stated) || stated.length !== expected.length) {
    log.add('STW2104', path, `${path} must be a list of ${expected.length}, not ${shown(stated)}`);
    return;
  }
  expected.forEach((wanted, at) => {
    const entry: unknown = stated[at];
    log.figure(`${path}[${at}].model`, field(entry, 'model'), wanted.model);
    check(entry, `${path}[${at}]`, wanted);
  });
}
