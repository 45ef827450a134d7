import type { LockedPlacement, MoveReason } from '../pack/packing';
import type { CheckedShard } from './check-shards';
import type { FindingLog } from './finding-log';
import { field, shown, strings } from './reading';

/** What of a change the budgets `moves` and `moveBytes` count: nothing on a first plan. */
export interface Moves {
  readonly moves: number;
  readonly moveBytes: bigint;
}

const reasons: readonly MoveReason[] = ['repack', 'no-longer-fits', 'shard-gone', 'class-changed', 'unlocked'];

interface Expected {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly moved: ReadonlyMap<string, { readonly from: string; readonly to: string }>;
  readonly resized: ReadonlyMap<string, readonly [number, number, number, number]>;
  readonly shardsAdded: readonly string[];
  readonly shardsRemoved: readonly string[];
  readonly moveBytes: bigint;
}

/**
 * The changes against the lockfile. Without it a plan that says it was made against one can only be held against
 * itself: what it says of moves is then taken as stated.
 */
export function checkChanges(
  changes: unknown,
  shards: readonly CheckedShard[],
  prior: LockedPlacement | undefined,
  log: FindingLog,
): Moves {
  const against = field(changes, 'against');
  const unknownLock = prior === undefined && against === 'lockfile';
  if (unknownLock) return checkAlone(changes, shards, log);
  log.figure('changes.against', against, prior === undefined ? 'nothing' : 'lockfile');
  const expected = expectedChanges(shards, prior ?? { shards: [], models: [] });
  for (const name of ['added', 'removed', 'shardsAdded', 'shardsRemoved'] as const)
    compareLists(`changes.${name}`, field(changes, name), expected[name], log);
  checkMoved(field(changes, 'moved'), expected.moved, log);
  checkResized(field(changes, 'resized'), expected.resized, log);
  log.figure('changes.moveBytes', field(changes, 'moveBytes'), Number(expected.moveBytes));
  if (prior === undefined) return { moves: 0, moveBytes: 0n };
  return { moves: expected.moved.size, moveBytes: expected.moveBytes };
}

function expectedChanges(shards: readonly CheckedShard[], prior: LockedPlacement): Expected {
  const oldShards = new Map(prior.shards.map((shard) => [shard.id, shard]));
  const oldModels = new Map(prior.models.map((model) => [model.key, model]));
  const added: string[] = [];
  const moved = new Map<string, { from: string; to: string }>();
  const resized = new Map<string, readonly [number, number, number, number]>();
  const present = new Set<string>();
  let moveBytes = 0n;
  for (const { id, pool, replicas, models } of shards) {
    const old = oldShards.get(id);
    // Pods that were there before, of the same pool, keep their files.
    const warm = old !== undefined && old.pool === pool.name ? Math.min(old.replicas, replicas) : 0;
    for (const { key, footprint } of models) {
      present.add(key);
      const before = oldModels.get(key);
      const cold = before !== undefined && before.shards.includes(id) ? replicas - warm : replicas;
      moveBytes += BigInt(cold) * BigInt(footprint.diskBytes);
      if (before === undefined) {
        added.push(key);
        continue;
      }
      if (!before.shards.includes(id)) moved.set(key, { from: before.shards[0] as string, to: id });
      const { acceleratorMemoryBytes, memoryBytes } = footprint;
      if (before.acceleratorMemoryBytes !== acceleratorMemoryBytes || before.memoryBytes !== memoryBytes)
        resized.set(key, [before.acceleratorMemoryBytes, acceleratorMemoryBytes, before.memoryBytes, memoryBytes]);
    }
  }
  const ids = new Set(shards.map((shard) => shard.id));
  return {
    added: added.sort(),
    removed: [...oldModels.keys()].filter((key) => !present.has(key)).sort(),
    moved,
    resized,
    shardsAdded: [...ids].filter((id) => !oldShards.has(id)).sort(),
    shardsRemoved: [...oldShards.keys()].filter((id) => !ids.has(id)).sort(),
    moveBytes,
  };
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

function checkMoved(
  stated: unknown,
  expected: ReadonlyMap<string, { readonly from: string; readonly to: string }>,
  log: FindingLog,
): void {
  eachModel('changes.moved', stated, expected, log, (entry, path, { from, to }) => {
    log.figure(`${path}.from`, field(entry, 'from'), from);
    log.figure(`${path}.to`, field(entry, 'to'), to);
    const reason = field(entry, 'reason');
    if (!reasons.some((known) => known === reason))
      log.add('STW2106', `${path}.reason`, `${shown(reason)} is not a reason to move`);
  });
}

function checkResized(
  stated: unknown,
  expected: ReadonlyMap<string, readonly [number, number, number, number]>,
  log: FindingLog,
): void {
  eachModel('changes.resized', stated, expected, log, (entry, path, sizes) => {
    const places = [
      ['acceleratorMemoryBytes', 'before'],
      ['acceleratorMemoryBytes', 'after'],
      ['memoryBytes', 'before'],
      ['memoryBytes', 'after'],
    ] as const;
    places.forEach(([name, when], at) => {
      log.figure(`${path}.${name}.${when}`, field(field(entry, name), when), sizes[at] ?? 0);
    });
  });
}

/** Walks a list of objects that must name the expected models in code point order. */
function eachModel<T>(
  path: string,
  stated: unknown,
  expected: ReadonlyMap<string, T>,
  log: FindingLog,
  check: (entry: unknown, path: string, wanted: T) => void,
): void {
  const keys = [...expected.keys()].sort();
  if (!Array.isArray(stated) || stated.length !== keys.length) {
    log.add('STW2104', path, `${path} must be a list of ${keys.length}, not ${shown(stated)}`);
    return;
  }
  keys.forEach((key, at) => {
    const entry: unknown = stated[at];
    log.figure(`${path}[${at}].model`, field(entry, 'model'), key);
    check(entry, `${path}[${at}]`, expected.get(key) as T);
  });
}

/** Without the lockfile: moves lead to where the plan has the model, additions are in it, removals are not. */
function checkAlone(changes: unknown, shards: readonly CheckedShard[], log: FindingLog): Moves {
  const home = new Map(shards.flatMap((shard) => shard.models.map(({ key }) => [key, shard] as const)));
  const stated = { added: strings(field(changes, 'added')), removed: strings(field(changes, 'removed')) };
  const moved = field(changes, 'moved');
  const moveBytes = field(changes, 'moveBytes');
  if (stated.added === null || stated.removed === null || !Array.isArray(moved)) {
    log.add('STW2106', 'changes', 'added, removed and moved must be lists');
    return { moves: 0, moveBytes: 0n };
  }
  stated.added.forEach((key, at) => {
    if (!home.has(key)) log.add('STW2104', `changes.added[${at}]`, `${shown(key)} is not in the plan`);
  });
  stated.removed.forEach((key, at) => {
    if (home.has(key)) log.add('STW2104', `changes.removed[${at}]`, `${key} is in the plan`);
  });
  const fetching = new Set(stated.added);
  moved.forEach((entry: unknown, at) => {
    const key = field(entry, 'model');
    const to = typeof key === 'string' ? home.get(key)?.id : undefined;
    if (to === undefined) log.add('STW2104', `changes.moved[${at}].model`, `${shown(key)} is not in the plan`);
    else log.figure(`changes.moved[${at}].to`, field(entry, 'to'), to);
    if (typeof key === 'string') fetching.add(key);
  });
  let least = 0n;
  for (const key of fetching) {
    const shard = home.get(key);
    const model = shard?.models.find((candidate) => candidate.key === key);
    if (shard !== undefined && model !== undefined) least += BigInt(shard.replicas) * BigInt(model.footprint.diskBytes);
  }
  const bytes = typeof moveBytes === 'number' && Number.isSafeInteger(moveBytes) ? BigInt(moveBytes) : -1n;
  if (bytes < least)
    log.add(
      'STW2104',
      'changes.moveBytes',
      `changes.moveBytes is ${shown(moveBytes)}, less than the ${least} of moved and added models`,
    );
  return { moves: moved.length, moveBytes: bytes < 0n ? 0n : bytes };
}
