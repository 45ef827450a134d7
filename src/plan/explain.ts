import { type Dimension, dimensions, modelDemand } from '../declare/capacity';
import type { Fleet, Model, Tenant } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import type { Explanation } from './explanation';
import { findModel } from './find-model';
import type { Plan, PlannedShard } from './plan';
import { declared, indexFleet } from './usage';

/**
 * Where a model is, why there, and with whom it shares.
 * @param key `tenant/name@version`, or a part of it that only one model has
 * @throws StowageError STW3301, STW3302, and STW2101 where the plan is of another fleet
 */
export function explainModel(fleet: Fleet, plan: Plan, key: string): Explanation {
  const model = findModel(fleet, key);
  const index = indexFleet(fleet);
  const shard = plan.shards.find(({ models }) => models.includes(model.key));
  if (shard === undefined)
    throw new StowageError([diagnostic('STW2101', `the plan places no ${model.key}: it is of another fleet`)]);
  const pool = declared(index.pools, 'pool', shard.pool);
  const runtime = declared(index.runtimes, 'runtime', shard.runtime);
  const tenant = fleet.tenants.find(({ name }) => name === model.tenant);
  const others = shard.models.filter((other) => other !== model.key);
  const tenants = new Map<string, number>();
  for (const other of others) {
    const { tenant: owner } = declared(index.models, 'model', other);
    tenants.set(owner, (tenants.get(owner) ?? 0) + 1);
  }
  return {
    model: model.key,
    runtime: model.runtime,
    base: model.base,
    tenant: model.tenant,
    isolation: tenant?.isolation ?? 'shared',
    group: shard.group,
    shard: shard.id,
    pool: shard.pool,
    replicas: shard.replicas,
    replicasAsked: model.replicas,
    takes: modelDemand(model, pool, runtime, shard.replicas),
    used: shard.used,
    capacity: shard.capacity,
    sharesWith: {
      models: others.length,
      tenants: [...tenants].map(([name, models]) => ({ tenant: name, models })).sort(byTenant),
      first: others.slice(0, 10),
    },
    why: reasons(fleet, plan, model, shard, tenant),
  };
}

function byTenant(a: { readonly tenant: string }, b: { readonly tenant: string }): number {
  return a.tenant < b.tenant ? -1 : 1;
}

function reasons(fleet: Fleet, plan: Plan, model: Model, shard: PlannedShard, tenant: Tenant | undefined): string[] {
  return [
    lockReason(plan, model, shard),
    classReason(model, shard, tenant),
    poolReason(fleet, model, shard),
    replicaReason(model, shard),
    model.neverWith.length > 0 ? `It shares no pod with models labelled ${model.neverWith.join(' or ')}.` : null,
    model.zones.length > 0 ? `Its copies must be in the zones ${model.zones.join(', ')}.` : null,
    fillReason(shard),
  ].filter((sentence) => sentence !== null);
}

function lockReason({ changes }: Plan, model: Model, shard: PlannedShard): string {
  if (changes.against === 'nothing') return 'There is no lockfile: everything was placed afresh.';
  const move = changes.moved.find((candidate) => candidate.model === model.key);
  if (move !== undefined) {
    const why = {
      repack: 'everything was packed anew',
      'no-longer-fits': 'that shard no longer holds it',
      'shard-gone': 'that shard is gone',
      'class-changed': 'it may no longer share with the models there',
      unlocked: 'it was let go by --update',
    }[move.reason];
    return `It moves from ${move.from}, as ${why}.`;
  }
  if (!changes.added.includes(model.key)) return `The lockfile has it in ${shard.id}, and it still fits there.`;
  return changes.shardsAdded.includes(shard.id)
    ? 'It is new, and no shard that it may join had room: this one was added.'
    : 'It is new, and fills room that this shard had.';
}

function classReason(model: Model, shard: PlannedShard, tenant: Tenant | undefined): string {
  const base = model.base === null ? '' : ` on the base model ${model.base}`;
  const owner =
    tenant === undefined || tenant.isolation === 'shared'
      ? 'of tenants that may share'
      : `of the group ${shard.group} alone, which has ${tenant.isolation === 'node' ? 'nodes' : 'pods'} of its own`;
  return `It can share only with models ${owner} that run on ${model.runtime}${base} and allow the same pools and zones.`;
}

function poolReason(fleet: Fleet, model: Model, shard: PlannedShard): string {
  const allowed = fleet.pools
    .filter((pool) => model.pools.includes(pool.name))
    .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour || (a.name < b.name ? -1 : 1))
    .map((pool) => `${pool.name} ($${(pool.podPriceMicrosPerHour / 1e6).toFixed(3)} a pod and hour)`);
  return allowed.length === 1
    ? `The pool ${shard.pool} is the only one it may use.`
    : `It may use the pools ${allowed.join(', ')}; its shard is on ${shard.pool}.`;
}

function replicaReason(model: Model, shard: PlannedShard): string | null {
  const copies = (count: number) => `${count} ${count === 1 ? 'copy' : 'copies'}`;
  return shard.replicas > model.replicas
    ? `It asks for ${copies(model.replicas)} and gets ${shard.replicas}: load, or another model here, needs as many.`
    : null;
}

/** Of what a pod of the shard is fullest: the room that decides who else can join. */
function fillReason(shard: PlannedShard): string | null {
  const words: Readonly<Record<Dimension, string>> = {
    acceleratorMemoryBytes: 'accelerator memory',
    microDuty: 'accelerator time',
    memoryBytes: 'memory',
    cpuMillis: 'CPU',
    diskBytes: 'disk',
    models: 'number of models',
  };
  let fullest: Dimension | null = null;
  let most = 0;
  for (const dimension of dimensions) {
    const fill = shard.capacity[dimension] > 0 ? shard.used[dimension] / shard.capacity[dimension] : 0;
    if (fill > most) {
      fullest = dimension;
      most = fill;
    }
  }
  return fullest === null ? null : `The shard is fullest in ${words[fullest]}: ${(most * 100).toFixed(1)}%.`;
}
