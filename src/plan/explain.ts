import { modelDemand } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { Fleet } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { placementReasons } from './explain-why';
import type { Explanation } from './explanation';
import { findModel } from './find-model';
import type { Plan } from './plan';
import { declared, type FleetIndex, indexFleet } from './usage';

/**
 * Where a model is, why there, and with whom it shares.
 * @param key `tenant/name@version`, or a part of it that only one model has
 * @throws StowageError STW3301, STW3302, and STW2101 where the plan is of another fleet
 */
export function explainModel(fleet: Fleet, plan: Plan, key: string): Explanation {
  const model = findModel(fleet, key);
  const index = indexFleet(fleet);
  const shards = plan.shards.filter(({ models }) => models.includes(model.key)).sort((a, b) => byCodePoint(a.id, b.id));
  const [first] = shards;
  if (first === undefined)
    throw new StowageError([diagnostic('STW2101', `the plan places no ${model.key}: it is of another fleet`)]);
  const runtime = declared(index.runtimes, 'runtime', first.runtime);
  const copies = shards.reduce((sum, shard) => sum + shard.replicas, 0);
  const tenant = fleet.tenants.find(({ name }) => name === model.tenant);
  return {
    model: model.key,
    runtime: model.runtime,
    base: model.base,
    tenant: model.tenant,
    isolation: tenant?.isolation ?? 'shared',
    group: first.group,
    copies,
    copiesAsked: model.replicas,
    shards: shards.map((shard) => ({
      shard: shard.id,
      pool: shard.pool,
      replicas: shard.replicas,
      models: shard.models.length,
      takes: modelDemand(model, declared(index.pools, 'pool', shard.pool), runtime, copies),
      used: shard.used,
      capacity: shard.capacity,
    })),
    sharesWith: sharing(index, new Set(shards.flatMap(({ models }) => models.filter((other) => other !== model.key)))),
    why: placementReasons({ fleet, plan, model, shards, tenant, copies }),
  };
}

function sharing(index: FleetIndex, others: ReadonlySet<string>): Explanation['sharesWith'] {
  const tenants = new Map<string, number>();
  for (const other of others) {
    const { tenant } = declared(index.models, 'model', other);
    tenants.set(tenant, (tenants.get(tenant) ?? 0) + 1);
  }
  return {
    models: others.size,
    tenants: [...tenants]
      .map(([tenant, models]) => ({ tenant, models }))
      .sort((a, b) => byCodePoint(a.tenant, b.tenant)),
    first: [...others].sort(byCodePoint).slice(0, 10),
  };
}
