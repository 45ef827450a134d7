import type { Model, Pool } from '../declare/fleet';
import type { CheckedClass, Declared, DeclaredModel } from './declared';
import { type Amounts, dimensionNames, roomOfPod, takenByModel } from './exact';
import type { FindingLog } from './finding-log';
import { meetings } from './never-with';
import { type KeptSeconds, onDemand, takenOnDemand } from './on-demand';
import { type ReadShard, readShards } from './read-shards';
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

/** What the plan places where, checked one by one. */
export interface Placement {
  readonly shards: readonly CheckedShard[];
  /** The ids of the shards that hold a model, by its place in the fleet. */
  readonly homes: readonly (readonly string[])[];
}

/**
 * Every model with the copies that it asks for, every shard within its pod, nobody beside whom it must not meet. Null
 * where the shards cannot be read well enough to add up what they take.
 */
export function checkShards(declared: Declared, listed: unknown, kept: KeptSeconds, log: FindingLog): Placement | null {
  if (!Array.isArray(listed)) {
    log.add('STW2106', 'shards', `shards must be a list, not ${shown(listed)}`);
    return null;
  }
  const read = readShards(declared, listed, log);
  if (read === null) return null;
  const rooms = new Map<string, Amounts>();
  const shards = read.shards.map((shard) => checkShard(declared, shard, read.copies, kept, rooms, log));
  return { shards, homes: read.homes };
}

function checkShard(
  declared: Declared,
  shard: ReadShard,
  copies: readonly number[],
  kept: KeptSeconds,
  rooms: Map<string, Amounts>,
  log: FindingLog,
): CheckedShard {
  const { entry, path, id, pool, replicas, members } = shard;
  const { sharing } = members[0] as DeclaredModel;
  checkSharing(shard, sharing, log);
  const models = members.map((member) => member.model);
  for (const { at, message } of meetings(models)) log.add('STW2102', `${path}.models[${at}]`, message);
  const { runtime, base, baseName } = sharing;
  const roomKey = JSON.stringify([pool.name, runtime.name, baseName]);
  const room = rooms.get(roomKey) ?? roomOfPod(declared.fleet, pool, runtime, base);
  rooms.set(roomKey, room);
  const resident = totalOf(
    members.filter((member) => !onDemand(member.model)),
    pool,
    copies,
  );
  const used = withOnDemand(declared, shard, resident, copies, kept);
  const [statedUsed, statedRoom] = [field(entry, 'used'), field(entry, 'capacity')];
  for (const name of dimensionNames) {
    if (used[name] > room[name])
      log.add(
        'STW2103',
        path,
        `the models of ${id} take ${used[name]} of ${name}; a pod of ${pool.name} has ${room[name]}`,
      );
    log.figure(`${path}.used.${name}`, field(statedUsed, name), used[name]);
    log.figure(`${path}.capacity.${name}`, field(statedRoom, name), room[name]);
  }
  checkSizes(field(entry, 'sizes'), models, path, log);
  return { id, pool, replicas, models, sharing, used, room };
}

/** The shard's own fields and every model's class against the first model's; the pool against every model's. */
function checkSharing({ entry, path, pool, members }: ReadShard, sharing: CheckedClass, log: FindingLog): void {
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
  members.forEach(({ model, sharing: own }, at) => {
    if (own !== sharing) log.add('STW2102', `${path}.models[${at}]`, `${model.key} ${difference(own, sharing)}`);
    if (!own.pools.includes(pool))
      log.add('STW2102', `${path}.models[${at}]`, `${model.key} must not run on the pool ${pool.name}`);
  });
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
function checkSizes(sizes: unknown, models: readonly Model[], path: string, log: FindingLog): void {
  for (const name of ['acceleratorMemoryBytes', 'memoryBytes', 'diskBytes'] as const) {
    const stated = field(sizes, name);
    if (!Array.isArray(stated) || stated.length !== models.length) {
      log.add('STW2106', `${path}.sizes.${name}`, `must be a list of ${models.length} sizes, not ${shown(stated)}`);
      continue;
    }
    models.forEach(({ footprint }, at) => {
      if (stated[at] !== footprint[name]) log.figure(`${path}.sizes.${name}[${at}]`, stated[at], footprint[name]);
    });
  }
}

/** On-demand models share what they take. */
function withOnDemand(
  declared: Declared,
  { members, pool }: ReadShard,
  resident: Amounts,
  copies: readonly number[],
  kept: KeptSeconds,
): Amounts {
  const own = members.filter((member) => onDemand(member.model));
  const sharing = members[0]?.sharing;
  if (own.length === 0 || sharing === undefined) return resident;
  const count = new Map(own.map(({ model, index }) => [model, copies[index] as number]));
  const seconds = kept.get(sharing) ?? Number.POSITIVE_INFINITY;
  const taken = takenOnDemand(declared.fleet, [...count.keys()], pool, sharing.runtime, seconds, (model) =>
    Math.max(1, count.get(model) ?? 1),
  );
  const total = dimensionNames.map((name) => [name, resident[name] + taken[name]] as const);
  return Object.fromEntries(total) as unknown as Amounts;
}

/** What one pod takes: all copies of a model, in whichever shards, share its load evenly. */
function totalOf(members: readonly DeclaredModel[], pool: Pool, copies: readonly number[]): Amounts {
  const total = { acceleratorMemoryBytes: 0, microDuty: 0, memoryBytes: 0, cpuMillis: 0, diskBytes: 0, models: 0 };
  for (const { model, sharing, index } of members) {
    const taken = takenByModel(model, pool, sharing.runtime, copies[index] as number);
    // Past 2^53 the sum may be off by little: over any capacity all the same.
    total.acceleratorMemoryBytes += taken.acceleratorMemoryBytes;
    total.microDuty += taken.microDuty;
    total.memoryBytes += taken.memoryBytes;
    total.cpuMillis += taken.cpuMillis;
    total.diskBytes += taken.diskBytes;
    total.models += taken.models;
  }
  return total;
}
