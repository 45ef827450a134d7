import type { LockedPlacement } from '../pack/packing';
import type { CheckedClass, Declared } from './declared';
import { roomOfPod } from './exact';
import type { FindingLog } from './finding-log';
import { field, shown, strings } from './reading';
import type { ReplayPods } from './replay-pods';
import type { ReadTemporary } from './transition-reading';

/** A shard as the plan or the lockfile has it. */
interface Described {
  readonly id: string;
  readonly pool: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
  readonly replicas: number;
}

/**
 * All pods that there are at some time, as they stand before the first wave, and the fewest copies that each model may
 * have: what it had, or will have if that is less. Null where the plan cannot be read.
 */
export function placementPods(
  declared: Declared,
  prior: LockedPlacement,
  listed: unknown,
  temporary: readonly ReadTemporary[],
  log: FindingLog,
): { readonly pods: ReadonlyMap<string, ReplayPods>; readonly floor: ReadonlyMap<string, number> } | null {
  const planned = readShards(listed, log);
  if (planned === null) return null;
  const pods = new Map<string, ReplayPods>();
  const make = (name: string, shard: Described, replicas: number, wanted: readonly string[] | null, runs: boolean) => {
    if (replicas > 0) pods.set(name, podsOf(declared, name, shard, replicas, wanted, runs));
  };
  const locked = new Map(prior.shards.map((shard) => [shard.id, shard]));
  for (const { shard, models } of planned.values()) {
    const old = locked.get(shard.id);
    const kept = old !== undefined && staysAsIs(old, shard) ? Math.min(old.replicas, shard.replicas) : 0;
    make(shard.id, shard, kept > 0 ? kept : shard.replicas, models, kept > 0);
    if (kept > 0) make(`${shard.id}@new`, shard, shard.replicas - kept, models, false);
  }
  for (const old of prior.shards) {
    const now = planned.get(old.id)?.shard;
    if (now === undefined) make(old.id, old, old.replicas, null, true);
    else
      make(`${old.id}@${old.pool}`, old, staysAsIs(old, now) ? old.replicas - now.replicas : old.replicas, null, true);
  }
  for (const shard of temporary) {
    if (locked.has(shard.id) || pods.has(shard.id))
      log.add('STW2121', 'temporary', `the id ${shard.id} of a temporary shard is taken`);
    else make(shard.id, { ...shard, replicas: 1 }, 1, null, false);
  }
  const floor = new Map<string, number>();
  const runningOf = new Map<string, readonly ReplayPods[]>();
  const willHave = new Map<string, number>();
  for (const { shard, models } of planned.values())
    for (const key of models) willHave.set(key, (willHave.get(key) ?? 0) + shard.replicas);
  for (const { key, shards, acceleratorMemoryBytes, memoryBytes } of prior.models) {
    let had = 0;
    const known = declared.models.get(key);
    const model = known?.model ?? null;
    const sharing = known?.sharing ?? null;
    for (const id of shards) {
      const old = locked.get(id);
      if (old === undefined) continue;
      had += old.replicas;
      let running = runningOf.get(id);
      if (running === undefined) {
        running = [id, `${id}@${old.pool}`].flatMap((name) => pods.get(name) ?? []).filter((own) => own.running);
        runningOf.set(id, running);
      }
      for (const own of running) own.held.set(key, { key, model, sharing, acceleratorMemoryBytes, memoryBytes });
    }
    floor.set(key, Math.min(had, willHave.get(key) ?? 0));
  }
  return { pods, floor };
}

/** Pods go on where nothing that makes a pod has changed. */
function staysAsIs(old: Described, now: Described): boolean {
  return (['pool', 'runtime', 'base', 'group'] as const).every((name) => old[name] === now[name]);
}

function podsOf(
  declared: Declared,
  name: string,
  shard: Described,
  replicas: number,
  wanted: readonly string[] | null,
  running: boolean,
): ReplayPods {
  const pool = declared.pools.get(shard.pool) ?? null;
  const runtime = declared.fleet.runtimes.find((candidate) => candidate.name === shard.runtime);
  const base = runtime?.baseModels.find((candidate) => candidate.name === shard.base) ?? null;
  const owned = declared.classes.some(
    (sharing: CheckedClass) => sharing.isolation === 'node' && sharing.group === shard.group,
  );
  return {
    name,
    pool,
    runtime: shard.runtime,
    base: shard.base,
    group: shard.group,
    owner: owned ? shard.group : '',
    replicas,
    room: pool === null || runtime === undefined ? null : roomOfPod(declared.fleet, pool, runtime, base),
    wanted: wanted === null ? null : new Set(wanted),
    held: new Map(),
    overhead: runtime === undefined ? 0 : runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes,
    total: { acceleratorMemoryBytes: 0, microDuty: 0, memoryBytes: 0, cpuMillis: 0, diskBytes: 0, models: 0 },
    before: { microDuty: 0, cpuMillis: 0 },
    running,
    ran: running,
  };
}

function readShards(
  listed: unknown,
  log: FindingLog,
): ReadonlyMap<string, { readonly shard: Described; readonly models: readonly string[] }> | null {
  const shards = new Map<string, { shard: Described; models: readonly string[] }>();
  if (!Array.isArray(listed)) {
    log.add('STW2121', 'shards', `the plan has no list of shards, but ${shown(listed)}`);
    return null;
  }
  listed.forEach((entry: unknown, i) => {
    const [id, pool, runtime, group] = ['id', 'pool', 'runtime', 'group'].map((name) => field(entry, name));
    const base = field(entry, 'base');
    const replicas = field(entry, 'replicas');
    const models = strings(field(entry, 'models'));
    const named = [id, pool, runtime, group].every((name) => typeof name === 'string');
    const counted = typeof replicas === 'number' && Number.isSafeInteger(replicas) && replicas > 0;
    if (
      !named ||
      !counted ||
      models === null ||
      (base !== null && typeof base !== 'string') ||
      shards.has(id as string)
    )
      log.add('STW2121', `shards[${i}]`, 'the plan has a shard that cannot be read, or twice');
    else {
      const shard = { id, pool, runtime, base, group, replicas } as Described;
      shards.set(shard.id, { shard, models });
    }
  });
  return shards.size === listed.length ? shards : null;
}
