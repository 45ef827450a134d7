import type { Model } from '../declare/fleet';
import type { MoveReason } from '../pack/packing';
import type { CheckedShard } from './check-shards';
import type { FindingLog } from './finding-log';
import { field, shown, strings } from './reading';

/** What of a change the budgets `moves` and `moveBytes` count: nothing on a first plan. */
export interface Moves {
  readonly moves: number;
  readonly moveBytes: bigint;
}

const reasons: readonly MoveReason[] = ['repack', 'no-longer-fits', 'shard-gone', 'class-changed', 'unlocked'];

export function checkReason(entry: unknown, path: string, log: FindingLog): void {
  const reason = field(entry, 'reason');
  if (!reasons.some((known) => known === reason))
    log.add('STW2106', `${path}.reason`, `${shown(reason)} is not a reason to move`);
}

interface Home {
  readonly model: Model;
  readonly shards: CheckedShard[];
  /** Its shards that the changes say it moved to, and those that it left. */
  readonly to: Set<string>;
  readonly from: Set<string>;
}

/**
 * The changes without the lockfile that they are against: moves lead from where the model is not to where it is,
 * additions are in the plan, removals are not, copies are as many, and what must be fetched for all that is counted.
 */
export function checkAlone(changes: unknown, shards: readonly CheckedShard[], log: FindingLog): Moves {
  const homes = new Map<string, Home>();
  for (const shard of shards)
    for (const model of shard.models) {
      const known = homes.get(model.key);
      if (known === undefined) homes.set(model.key, { model, shards: [shard], to: new Set(), from: new Set() });
      else known.shards.push(shard);
    }
  const added = strings(field(changes, 'added'));
  const removed = strings(field(changes, 'removed'));
  const moved = field(changes, 'moved');
  const copies = field(changes, 'copies');
  const moveBytes = field(changes, 'moveBytes');
  if (added === null || removed === null || !Array.isArray(moved) || !Array.isArray(copies)) {
    log.add('STW2106', 'changes', 'added, removed, moved and copies must be lists');
    return { moves: 0, moveBytes: 0n };
  }
  let least = 0n;
  const news = new Set<string>();
  added.forEach((key, at) => {
    const home = homes.get(key);
    if (home === undefined) log.add('STW2104', `changes.added[${at}]`, `${shown(key)} is not in the plan`);
    else if (news.has(key)) log.add('STW2104', `changes.added[${at}]`, `${key} is added twice`);
    else for (const shard of home.shards) least += bytesOf(home.model, shard);
    news.add(key);
  });
  removed.forEach((key, at) => {
    if (homes.has(key)) log.add('STW2104', `changes.removed[${at}]`, `${key} is in the plan`);
  });
  /** The home of a model that was there before and still is. */
  const homeOf = (entry: unknown, path: string): Home | null => {
    const key = field(entry, 'model');
    const home = typeof key === 'string' ? homes.get(key) : undefined;
    if (home !== undefined && !news.has(home.model.key)) return home;
    log.add('STW2104', `${path}.model`, `${shown(key)} is not in the plan${home === undefined ? '' : ' from before'}`);
    return null;
  };
  moved.forEach((entry: unknown, at) => {
    const path = `changes.moved[${at}]`;
    const home = homeOf(entry, path);
    if (home !== null) least += checkMove(entry, path, home, log);
    checkReason(entry, path, log);
  });
  const changed = new Set<string>();
  copies.forEach((entry: unknown, at) => {
    const path = `changes.copies[${at}]`;
    const home = homeOf(entry, path);
    if (home === null) return;
    if (changed.has(home.model.key)) log.add('STW2104', `${path}.model`, `${home.model.key} stands here twice`);
    changed.add(home.model.key);
    least += checkCopies(entry, path, home, log);
  });
  checkShardLists(changes, shards, log);
  checkSizesAfter(field(changes, 'resized'), homeOf, log);
  const bytes = typeof moveBytes === 'number' && Number.isSafeInteger(moveBytes) ? BigInt(moveBytes) : -1n;
  if (bytes < least)
    log.add(
      'STW2104',
      'changes.moveBytes',
      `changes.moveBytes is ${shown(moveBytes)}, less than the ${least} of moved and added copies`,
    );
  return { moves: moved.length, moveBytes: bytes < 0n ? 0n : bytes };
}

/** Shards that are new are in the plan, those that went are not. */
function checkShardLists(changes: unknown, shards: readonly CheckedShard[], log: FindingLog): void {
  const ids = new Set<unknown>(shards.map(({ id }) => id));
  for (const [name, present] of [
    ['shardsAdded', true],
    ['shardsRemoved', false],
  ] as const) {
    const path = `changes.${name}`;
    const listed = strings(field(changes, name));
    if (listed === null) log.add('STW2106', path, `${path} must be a list of names`);
    listed?.forEach((id, at) => {
      if (ids.has(id) !== present)
        log.add('STW2104', `${path}[${at}]`, `${shown(id)} is ${present ? 'not ' : ''}in the plan`);
    });
  }
}

function checkSizesAfter(
  resized: unknown,
  homeOf: (entry: unknown, path: string) => Home | null,
  log: FindingLog,
): void {
  if (!Array.isArray(resized)) {
    log.add('STW2106', 'changes.resized', `changes.resized must be a list, not ${shown(resized)}`);
    return;
  }
  resized.forEach((entry: unknown, at) => {
    const path = `changes.resized[${at}]`;
    const home = homeOf(entry, path);
    if (home === null) return;
    for (const name of ['acceleratorMemoryBytes', 'memoryBytes'] as const)
      log.figure(`${path}.${name}.after`, field(field(entry, name), 'after'), home.model.footprint[name]);
  });
}

/** What one move fetches, for certain. */
function checkMove(entry: unknown, path: string, home: Home, log: FindingLog): bigint {
  const { model, shards } = home;
  const from = field(entry, 'from');
  const to = field(entry, 'to');
  const target = shards.find(({ id }) => id === to);
  if (typeof from !== 'string' || home.from.has(from) || shards.some(({ id }) => id === from))
    log.add('STW2104', `${path}.from`, `${model.key} cannot have left ${shown(from)}`);
  else home.from.add(from);
  if (target === undefined) {
    const ids = shards.map(({ id }) => id).join(', ');
    log.add('STW2104', `${path}.to`, `${path}.to is ${shown(to)}, but ${model.key} is in ${ids}`);
  } else if (home.to.has(target.id)) log.add('STW2104', `${path}.to`, `${model.key} comes to ${target.id} twice`);
  else {
    home.to.add(target.id);
    return bytesOf(model, target);
  }
  return 0n;
}

/** What the copies beside those that moved fetch at least: the smallest of the shards that may be the new ones. */
function checkCopies(entry: unknown, path: string, { model, shards, to }: Home, log: FindingLog): bigint {
  const before = field(entry, 'before');
  log.figure(`${path}.after`, field(entry, 'after'), shards.length);
  if (typeof before !== 'number' || !Number.isSafeInteger(before) || before < Math.max(1, to.size)) {
    log.add('STW2104', `${path}.before`, `${model.key} cannot have been in ${shown(before)} shards before`);
    return 0n;
  }
  if (before === shards.length) log.add('STW2104', path, `${model.key} is in as many shards as before`);
  const others = shards.filter(({ id }) => !to.has(id)).map((shard) => bytesOf(model, shard));
  others.sort((a, b) => Number(a - b));
  return others.slice(0, Math.max(0, shards.length - before)).reduce((sum, bytes) => sum + bytes, 0n);
}

function bytesOf(model: Model, { replicas }: CheckedShard): bigint {
  return BigInt(replicas) * BigInt(model.footprint.diskBytes);
}
