import type { Pool } from '../declare/fleet';
import type { Declared, DeclaredModel } from './declared';
import type { FindingLog } from './finding-log';
import { field, shown, strings } from './reading';

/** A shard of the plan as stated, its pool and its models found in the declaration. */
export interface ReadShard {
  /** What else the plan says of it, unchecked. */
  readonly entry: unknown;
  readonly path: string;
  readonly id: string;
  readonly pool: Pool;
  readonly replicas: number;
  /** In the order of the plan; never empty. */
  readonly members: readonly DeclaredModel[];
}

/** All shards together: a pod's part of a model's load depends on every other shard that holds it. */
export interface ReadShards {
  readonly shards: readonly ReadShard[];
  /** Pods that hold the model, by its place in the fleet. */
  readonly copies: readonly number[];
  /** The ids of the shards that hold the model, likewise. */
  readonly homes: readonly (readonly string[])[];
}

const idPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Reads every shard, then counts copies; null where one cannot be read, as no copies can be counted then. */
export function readShards(declared: Declared, listed: readonly unknown[], log: FindingLog): ReadShards | null {
  const ids = new Map<string, number>();
  const shards: ReadShard[] = [];
  let previous = '';
  listed.forEach((entry: unknown, index) => {
    const path = `shards[${index}]`;
    const shard = readShard(declared, entry, path, log);
    if (shard === null) return;
    const twin = ids.get(shard.id);
    if (twin !== undefined) log.add('STW2101', `${path}.id`, `the id ${shard.id} is also that of shards[${twin}]`);
    else if (shard.id < previous) log.add('STW2104', `${path}.id`, `shards are not sorted by id: ${shard.id} is late`);
    ids.set(shard.id, index);
    previous = shard.id;
    shards.push(shard);
  });
  const readable = shards.length === listed.length;
  const counted = countCopies(declared, shards, readable, log);
  return readable ? counted : null;
}

function readShard(declared: Declared, entry: unknown, path: string, log: FindingLog): ReadShard | null {
  const id = field(entry, 'id');
  const poolName = field(entry, 'pool');
  const replicas = field(entry, 'replicas');
  const keys = strings(field(entry, 'models'));
  const before = log.count;
  if (typeof id !== 'string' || !idPattern.test(id))
    log.add('STW2106', `${path}.id`, `the id must be a DNS label, not ${shown(id)}`);
  if (typeof replicas !== 'number' || !Number.isSafeInteger(replicas) || replicas < 1)
    log.add('STW2106', `${path}.replicas`, `replicas must be a positive whole number, not ${shown(replicas)}`);
  if (keys === null) log.add('STW2106', `${path}.models`, 'models must be a list of keys');
  const pool = typeof poolName === 'string' ? declared.pools.get(poolName) : undefined;
  if (pool === undefined) log.add('STW2101', `${path}.pool`, `no pool of the fleet is called ${shown(poolName)}`);
  if (log.count > before || keys === null || pool === undefined) return null;
  const members = membersOf(declared, keys, path, log);
  if (keys.length === 0) log.add('STW2101', `${path}.models`, 'the shard holds no model');
  if (members.length === 0 || members.length < keys.length) return null;
  return { entry, path, id: id as string, pool, replicas: replicas as number, members };
}

function membersOf(declared: Declared, keys: readonly string[], path: string, log: FindingLog): DeclaredModel[] {
  const members: DeclaredModel[] = [];
  let previous = '';
  keys.forEach((key, at) => {
    const known = declared.models.get(key);
    if (known === undefined) log.add('STW2101', `${path}.models[${at}]`, `the fleet declares no model ${shown(key)}`);
    else members.push(known);
    if (key < previous) log.add('STW2104', `${path}.models[${at}]`, `models are not sorted: ${key} after ${previous}`);
    previous = key;
  });
  return members;
}

/** Every model somewhere, in no shard twice, in as many pods as it asks for. */
function countCopies(declared: Declared, shards: readonly ReadShard[], readable: boolean, log: FindingLog): ReadShards {
  const { models } = declared.fleet;
  const copies = new Array<number>(models.length).fill(0);
  const homes: string[][] = Array.from(models, () => []);
  const latest = new Int32Array(models.length).fill(-1);
  const first = new Map<number, string>();
  shards.forEach(({ path, id, replicas, members }, s) => {
    members.forEach(({ model, index }, at) => {
      if (latest[index] === s) {
        log.add('STW2101', `${path}.models[${at}]`, `${model.key} stands in this shard twice`);
        return;
      }
      if (latest[index] === -1 && replicas < model.replicas) first.set(index, `${path}.models[${at}]`);
      latest[index] = s;
      copies[index] = (copies[index] as number) + replicas;
      homes[index]?.push(id);
    });
  });
  models.forEach(({ key, replicas }, index) => {
    const count = copies[index] as number;
    const where = first.get(index) ?? 'shards';
    if (count === 0) log.add('STW2101', where, `${key} is in no shard${readable ? '' : ' that can be read'}`);
    else if (count < replicas && readable)
      log.add('STW2102', where, `${key} asks for ${replicas} copies; all shards together have ${count}`);
    else if (count > Number.MAX_SAFE_INTEGER) log.add('STW2101', where, `${key} has more copies than can be counted`);
  });
  return { shards, copies, homes };
}
