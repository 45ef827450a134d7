import { byCodePoint } from '../declare/findings';
import type { Fleet } from '../declare/fleet';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import { ignoreEvents } from '../events';
import { leastFleet } from '../ondemand/bound-models';
import { bundle } from '../ondemand/pack-bundles';
import { isOnDemand } from '../ondemand/rates';
import { type ClassContext, classContext } from './class-context';
import { dualBound } from './dual-bound';
import { keepLocked } from './keep-locked';
import type { PackedShard } from './pack-class';
import { packClasses } from './pack-classes';
import type { Eviction, LockedPlacement, Packing, PackRequest, Shard } from './packing';
import { PoolLimits } from './pool-limits';
import { maxReplicas, replicasNeeded } from './replicas';
import { newShardId } from './shard-id';
import { sharingClasses } from './sharing';
import { type SpreadRules, spreadOut } from './spread';

/**
 * Assigns every model to a shard, class by class. The same fleet and lockfile give the same result in any order of
 * declaration. Where pools or GPUs run out it goes over them, and the plan shows which budget breaks.
 * @throws StowageError STW2001 where the load of a model is above what any shard carries
 */
export function pack(request: PackRequest): Packing {
  const { fleet } = request;
  if (!fleet.models.some(isOnDemand)) return packModels(request, fleet);
  const classes = sharingClasses(fleet);
  const bundled = bundle(request, classes);
  return bundled.unbundle(packModels(bundled.request, leastFleet(fleet, classes)));
}

/** @param least the fleet with what its models take at least, which the bound is of */
function packModels(request: PackRequest, least: Fleet): Packing {
  const { fleet } = request;
  const onEvent = request.onEvent ?? ignoreEvents;
  onEvent({ type: 'phase-start', phase: 'pack' });
  const contexts = sharingClasses(fleet).map((sharing) => classContext(fleet, sharing, request.effort));
  refuseTooMuchLoad(contexts);
  const repack = request.mode === 'repack';
  const limits = new PoolLimits(fleet);
  const kept = keepLocked(repack ? { fleet } : request, contexts, limits);
  const cheapest = packClasses(contexts, kept, limits, (done) =>
    onEvent({ type: 'phase-progress', phase: 'pack', done, total: fleet.models.length }),
  );
  const filled = request.objective === 'spread' ? spreadOut(cheapest, spreadRules(request)) : cheapest;
  const shards = nameShards(contexts, filled, request.prior, repack);
  onEvent({ type: 'phase-end', phase: 'pack', detail: `${shards.length} shards` });
  onEvent({ type: 'phase-start', phase: 'bound' });
  const bound = dualBound(least === fleet ? filled : boundOf(least, filled));
  onEvent({ type: 'phase-end', phase: 'bound' });
  return { shards, bound, evicted: repack ? movedByRepack(request.prior, shards) : kept.evicted };
}

function spreadRules({ fleet, prior, mode }: PackRequest): SpreadRules {
  const locked = new Set(mode === 'repack' ? [] : prior?.models.map(({ key }) => key));
  return { mayMove: (model) => !locked.has(model.key), newSets: fleet.budgets.replicaSets === null };
}

/** The same classes with their least models, and what their packing takes. */
function boundOf(
  least: Fleet,
  filled: ReadonlyMap<ClassContext, readonly PackedShard[]>,
): ReadonlyMap<ClassContext, readonly PackedShard[]> {
  const packed = new Map([...filled].map(([context, shards]) => [context.sharing.key, shards]));
  return new Map(sharingClasses(least).map((sharing) => [classContext(least, sharing), packed.get(sharing.key) ?? []]));
}

function refuseTooMuchLoad(contexts: readonly ClassContext[]): void {
  const findings: Diagnostic[] = [];
  for (const context of contexts) {
    for (const model of context.sharing.models) {
      if (model.load.microDuty === 0 && model.load.cpuMillis === 0) continue;
      if (context.pools.some((pool) => replicasNeeded(context, model, pool) > 0)) continue;
      const need = `${(model.load.microDuty / 1e6).toFixed(1)} accelerators and ${(model.load.cpuMillis / 1000).toFixed(1)} cores`;
      findings.push(
        diagnostic(
          'STW2001',
          `the load of ${model.key} keeps ${need} busy: more than ${maxReplicas} replicas carry on any pool it may use`,
          { location: model.source },
        ),
      );
    }
  }
  if (findings.length > 0) throw new StowageError(findings);
}

/** Gives new shards their names, in the order of their first models; a repack reuses the name most of its models had. */
function nameShards(
  contexts: readonly ClassContext[],
  filled: ReadonlyMap<ClassContext, readonly PackedShard[]>,
  prior: LockedPlacement | undefined,
  repack: boolean,
): Shard[] {
  const named: Shard[] = [];
  const fresh: { readonly context: ClassContext; readonly shard: PackedShard; readonly models: string[] }[] = [];
  // A shard that ends leaves its name unused: another Deployment under it would be an update of the old one.
  const taken = new Set(prior?.shards.map((shard) => shard.id));
  for (const context of contexts) {
    for (const shard of filled.get(context) ?? []) {
      const models = shard.models.map((model) => model.key).sort(byCodePoint);
      if (shard.id === null) fresh.push({ context, shard, models });
      else {
        named.push(toShard(context, shard, shard.id, models));
      }
    }
  }
  fresh.sort((a, b) => byLists(a.models, b.models) || byCodePoint(a.shard.pool.name, b.shard.pool.name));
  const inherited = inheritNames(
    fresh.map(({ models, shard }) => ({ models, pool: shard.pool.name })),
    repack ? prior : undefined,
  );
  fresh.forEach(({ context, shard, models }, index) => {
    const id = inherited.get(index) ?? newShardId(models[0] ?? '', taken);
    taken.add(id);
    named.push(toShard(context, shard, id, models));
  });
  return named.sort((a, b) => byCodePoint(a.id, b.id));
}

function byLists(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = byCodePoint(a[i] as string, b[i] as string);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/**
 * Each old name to the new shard with most of its models: largest overlap first, of equals one on the same pool, each name
 * and shard once.
 */
function inheritNames(
  groups: readonly { readonly models: readonly string[]; readonly pool: string }[],
  prior: LockedPlacement | undefined,
): ReadonlyMap<number, string> {
  const result = new Map<number, string>();
  if (prior === undefined) return result;
  const before = new Map(prior.models.map((model) => [model.key, model.shards]));
  const pools = new Map(prior.shards.map((shard) => [shard.id, shard.pool]));
  const overlaps: { readonly index: number; readonly id: string; readonly count: number; readonly other: number }[] =
    [];
  groups.forEach(({ models, pool }, index) => {
    const counts = new Map<string, number>();
    for (const key of models) {
      for (const id of before.get(key) ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const [id, count] of counts) overlaps.push({ index, id, count, other: pools.get(id) === pool ? 0 : 1 });
  });
  overlaps.sort((a, b) => b.count - a.count || a.other - b.other || byCodePoint(a.id, b.id) || a.index - b.index);
  const used = new Set<string>();
  for (const { index, id } of overlaps) {
    if (used.has(id) || result.has(index)) continue;
    used.add(id);
    result.set(index, id);
  }
  return result;
}

function toShard(context: ClassContext, shard: PackedShard, id: string, models: readonly string[]): Shard {
  const { sharing } = context;
  return {
    id,
    pool: shard.pool.name,
    runtime: sharing.runtime,
    base: sharing.base,
    group: sharing.group,
    nodeIsolated: sharing.nodeIsolated,
    zones: sharing.zones,
    replicas: shard.replicas,
    models,
  };
}

function movedByRepack(prior: LockedPlacement | undefined, shards: readonly Shard[]): Eviction[] {
  const after = new Map<string, Set<string>>();
  for (const shard of shards)
    for (const key of shard.models) after.set(key, (after.get(key) ?? new Set()).add(shard.id));
  return (prior?.models ?? [])
    .flatMap(({ key, shards: before }) => {
      const now = after.get(key);
      const left = now === undefined ? [] : before.filter((id) => !now.has(id));
      return left.map((shard) => ({ model: key, shard, reason: 'repack' as const }));
    })
    .sort((a, b) => byCodePoint(a.model, b.model) || byCodePoint(a.shard, b.shard));
}
