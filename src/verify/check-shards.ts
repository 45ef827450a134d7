import type { Model, Pool } from '../declare/fleet';
import type { CheckedClass, Declared } from './declared';
import { type Amounts, dimensionNames, roomOfPod, takenByModel } from './exact';
import type { FindingLog } from './finding-log';
import { meetings } from './never-with';
import { field, sameStrings, shown, strings } from './reading';

/** A shard of the plan whose names are declared, with what was derived for it. */
export interface CheckedShard {
  readonly id: string;
  readonly pool: Pool;
  readonly replicas: number;
  readonly models: readonly Model[];
  /** Of the first model: the others are checked against it. */
  readonly sharing: CheckedClass;
  /** Of one pod. */
  readonly used: Amounts;
  readonly room: Amounts;
}

const idPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Every model in exactly one shard, every shard within its pod, nobody beside whom it must not meet. Null where the
 * shards cannot be read well enough to add up what they take.
 */
export function checkShards(declared: Declared, listed: unknown, log: FindingLog): readonly CheckedShard[] | null {
  if (!Array.isArray(listed)) {
    log.add('STW2106', 'shards', `shards must be a list, not ${shown(listed)}`);
    return null;
  }
  const rooms = new Map<string, Amounts>();
  const ids = new Map<string, number>();
  const placed = new Int32Array(declared.fleet.models.length).fill(-1);
  const shards: CheckedShard[] = [];
  let previous = '';
  listed.forEach((entry: unknown, index) => {
    const path = `shards[${index}]`;
    const shard = checkShard(declared, entry, path, index, placed, rooms, log);
    if (shard === null) return;
    const twin = ids.get(shard.id);
    if (twin !== undefined) log.add('STW2101', `${path}.id`, `the id ${shard.id} is also that of shards[${twin}]`);
    else if (shard.id < previous) log.add('STW2104', `${path}.id`, `shards are not sorted by id: ${shard.id} is late`);
    ids.set(shard.id, index);
    previous = shard.id;
    shards.push(shard);
  });
  declared.fleet.models.forEach((model, index) => {
    if (placed[index] === -1) log.add('STW2101', 'shards', `${model.key} is in no shard`);
  });
  return shards.length === listed.length ? shards : null;
}

function checkShard(
  declared: Declared,
  entry: unknown,
  path: string,
  index: number,
  placed: Int32Array,
  rooms: Map<string, Amounts>,
  log: FindingLog,
): CheckedShard | null {
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
  const members = membersOf(declared, keys, path, index, placed, log);
  const first = members[0];
  if (first === undefined) {
    log.add('STW2101', `${path}.models`, 'the shard holds no model of the fleet');
    return null;
  }
  const copies = replicas as number;
  checkSharing(entry, first.sharing, members, path, pool, copies, log);
  const models = members.map((member) => member.model);
  for (const { at, message } of meetings(models)) log.add('STW2102', `${path}.models[${at}]`, message);
  const { runtime, base, baseName } = first.sharing;
  const roomKey = JSON.stringify([pool.name, runtime.name, baseName]);
  const room = rooms.get(roomKey) ?? roomOfPod(declared.fleet, pool, runtime, base);
  rooms.set(roomKey, room);
  const used = totalOf(members, pool, copies);
  for (const name of dimensionNames) {
    if (used[name] > room[name])
      log.add(
        'STW2103',
        path,
        `the models of ${id} take ${used[name]} of ${name}; a pod of ${pool.name} has ${room[name]}`,
      );
    log.figure(`${path}.used.${name}`, field(field(entry, 'used'), name), used[name]);
    log.figure(`${path}.capacity.${name}`, field(field(entry, 'capacity'), name), room[name]);
  }
  checkSizes(field(entry, 'sizes'), keys, declared, path, log);
  return { id: id as string, pool, replicas: copies, models, sharing: first.sharing, used, room };
}

interface Member {
  readonly model: Model;
  readonly sharing: CheckedClass;
  readonly at: number;
}

function membersOf(
  declared: Declared,
  keys: readonly string[],
  path: string,
  index: number,
  placed: Int32Array,
  log: FindingLog,
): Member[] {
  const members: Member[] = [];
  keys.forEach((key, at) => {
    const known = declared.models.get(key);
    const where = `${path}.models[${at}]`;
    if (known === undefined) {
      log.add('STW2101', where, `the fleet declares no model ${shown(key)}`);
      return;
    }
    const earlier = placed[known.index] as number;
    if (earlier !== -1) log.add('STW2101', where, `${key} is also in shards[${earlier}]`);
    placed[known.index] = index;
    const previous = keys[at - 1];
    if (previous !== undefined && key < previous)
      log.add('STW2104', where, `models are not sorted: ${key} after ${previous}`);
    members.push({ model: known.model, sharing: known.sharing, at });
  });
  return members;
}

/** The shard's own fields and every model's class against the first model's; replicas and pool against every model's. */
function checkSharing(
  entry: unknown,
  sharing: CheckedClass,
  members: readonly Member[],
  path: string,
  pool: Pool,
  replicas: number,
  log: FindingLog,
): void {
  const stated: readonly [string, string | boolean | null][] = [
    ['runtime', sharing.runtime.name],
    ['base', sharing.baseName],
    ['group', sharing.group],
    ['nodeIsolated', sharing.isolation === 'node'],
  ];
  for (const [name, wanted] of stated) {
    const value = field(entry, name);
    if (value !== wanted)
      log.add(
        'STW2102',
        `${path}.${name}`,
        `its models need ${name} ${shown(wanted)}, the shard states ${shown(value)}`,
      );
  }
  const zones = strings(field(entry, 'zones'));
  if (zones === null || !sameStrings(zones, sharing.zones))
    log.add('STW2102', `${path}.zones`, `its models need the zones [${sharing.zones.join(', ')}]`);
  for (const { model, sharing: own, at } of members) {
    const where = `${path}.models[${at}]`;
    if (own !== sharing) log.add('STW2102', where, `${model.key} ${difference(own, sharing)}`);
    if (!own.pools.includes(pool)) log.add('STW2102', where, `${model.key} must not run on the pool ${pool.name}`);
    if (replicas < model.replicas)
      log.add('STW2102', where, `${model.key} asks for ${model.replicas} copies; the shard has ${replicas}`);
  }
}

/** Why two classes may not share a pod. */
function difference(own: CheckedClass, other: CheckedClass): string {
  if (own.runtime !== other.runtime) return `runs on ${own.runtime.name}, others here on ${other.runtime.name}`;
  if (own.baseName !== other.baseName) return `needs the base ${own.baseName}, others here ${other.baseName}`;
  if (own.group !== other.group || own.isolation !== other.isolation)
    return `belongs to ${own.group} (${own.isolation}), others here to ${other.group} (${other.isolation})`;
  if (!sameStrings(own.zones, other.zones)) return 'needs other zones than others here';
  return 'may use other pools than others here';
}

/** The footprints that the plan repeats, one a model in the order of `models`. */
function checkSizes(sizes: unknown, keys: readonly string[], declared: Declared, path: string, log: FindingLog): void {
  for (const name of ['acceleratorMemoryBytes', 'memoryBytes', 'diskBytes'] as const) {
    const stated = field(sizes, name);
    if (!Array.isArray(stated) || stated.length !== keys.length) {
      log.add('STW2106', `${path}.sizes.${name}`, `must be a list of ${keys.length} sizes, not ${shown(stated)}`);
      continue;
    }
    keys.forEach((key, at) => {
      const model = declared.models.get(key)?.model;
      if (model !== undefined && stated[at] !== model.footprint[name])
        log.figure(`${path}.sizes.${name}[${at}]`, stated[at], model.footprint[name]);
    });
  }
}

function totalOf(members: readonly Member[], pool: Pool, replicas: number): Amounts {
  const total: Record<string, number> = Object.fromEntries(dimensionNames.map((name) => [name, 0]));
  for (const { model, sharing } of members) {
    const taken = takenByModel(model, pool, sharing.runtime, replicas);
    // Past 2^53 the sum may be off by little: over any capacity all the same.
    for (const name of dimensionNames) total[name] = (total[name] as number) + taken[name];
  }
  return total as Amounts;
}
