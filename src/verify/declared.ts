import type { BaseModel, Fleet, IsolationLevel, Model, Pool, ServingRuntime } from '../declare/fleet';

/** Models that may meet in a pod, derived from the declaration alone. */
export interface CheckedClass {
  /** As the plan's certificate names it. */
  readonly name: string;
  readonly runtime: ServingRuntime;
  readonly base: BaseModel | null;
  readonly baseName: string | null;
  readonly group: string;
  readonly isolation: IsolationLevel;
  readonly pools: readonly Pool[];
  readonly zones: readonly string[];
  readonly models: readonly Model[];
}

/** The fleet, looked up by name. */
export interface Declared {
  readonly fleet: Fleet;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly models: ReadonlyMap<
    string,
    { readonly model: Model; readonly sharing: CheckedClass; readonly index: number }
  >;
  readonly classes: readonly CheckedClass[];
}

export function declaredOf(fleet: Fleet): Declared {
  const pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
  const runtimes = new Map(fleet.runtimes.map((runtime) => [runtime.name, runtime]));
  const tenants = new Map(fleet.tenants.map((tenant) => [tenant.name, tenant]));
  const classes = new Map<string, CheckedClass & { readonly models: Model[] }>();
  const models = new Map<string, { model: Model; sharing: CheckedClass; index: number }>();
  fleet.models.forEach((model, index) => {
    const runtime = runtimes.get(model.runtime);
    const tenant = tenants.get(model.tenant);
    if (runtime === undefined || tenant === undefined)
      throw new TypeError(`the fleet lacks the runtime or the tenant of ${model.key}`);
    const key = JSON.stringify([
      model.runtime,
      model.base,
      tenant.group,
      tenant.isolation,
      model.pools.join(' '),
      model.zones,
    ]);
    let sharing = classes.get(key);
    if (sharing === undefined) {
      sharing = {
        name: certificateName(model, tenant.group, tenant.isolation),
        runtime,
        base: runtime.baseModels.find((base) => base.name === model.base) ?? null,
        baseName: model.base,
        group: tenant.group,
        isolation: tenant.isolation,
        pools: fleet.pools.filter((pool) => model.pools.includes(pool.name)),
        zones: model.zones,
        models: [],
      };
      classes.set(key, sharing);
    }
    sharing.models.push(model);
    models.set(model.key, { model, sharing, index });
  });
  return { fleet, pools, models, classes: [...classes.values()] };
}

/** `runtime|base|group|pools|zones`, `!` after a group with nodes of its own, separators within a zone escaped. */
function certificateName(model: Model, group: string, isolation: IsolationLevel): string {
  const zones = model.zones.map((zone) => zone.replaceAll('%', '%25').replaceAll(',', '%2C').replaceAll('|', '%7C'));
  const owner = isolation === 'node' ? `${group}!` : group;
  return `${model.runtime}|${model.base ?? ''}|${owner}|${model.pools.join(',')}|${zones.join(',')}`;
}
