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

export interface DeclaredModel {
  readonly model: Model;
  readonly sharing: CheckedClass;
  /** Place in the fleet's list of models. */
  readonly index: number;
}

/** The fleet, looked up by name. */
export interface Declared {
  readonly fleet: Fleet;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly models: ReadonlyMap<string, DeclaredModel>;
  readonly classes: readonly CheckedClass[];
}

export function declaredOf(fleet: Fleet): Declared {
  const pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
  const runtimes = new Map(fleet.runtimes.map((runtime) => [runtime.name, runtime]));
  const tenants = new Map(fleet.tenants.map((tenant) => [tenant.name, tenant]));
  const classes: CheckedClass[] = [];
  const root = new Fork();
  const models = new Map<string, DeclaredModel>();
  // A tenant's models come together, and lists that are the same object have the same names.
  let recent: Recent[] = [];
  let recentTenant: string | null = null;
  fleet.models.forEach((model, index) => {
    const runtime = runtimes.get(model.runtime);
    const tenant = tenants.get(model.tenant);
    if (runtime === undefined || tenant === undefined)
      throw new TypeError(`the fleet lacks the runtime or the tenant of ${model.key}`);
    if (model.tenant !== recentTenant) {
      recent = [];
      recentTenant = model.tenant;
    }
    const alike = recent.find(
      (one) =>
        one.runtime === runtime && one.base === model.base && one.pools === model.pools && one.zones === model.zones,
    );
    if (alike !== undefined) {
      alike.sharing.models.push(model);
      models.set(model.key, { model, sharing: alike.sharing, index });
      return;
    }
    const { group, isolation } = tenant;
    const fork = root.at(model.runtime).at(model.base).at(group).at(isolation);
    const end = model.zones.reduce(next, model.pools.reduce(next, fork).at(null));
    if (end.sharing === null) {
      end.sharing = {
        name: certificateName(model, group, isolation),
        runtime,
        base: runtime.baseModels.find((base) => base.name === model.base) ?? null,
        baseName: model.base,
        group,
        isolation,
        pools: fleet.pools.filter((pool) => model.pools.includes(pool.name)),
        zones: model.zones,
        models: [],
      };
      classes.push(end.sharing);
    }
    const { sharing } = end;
    sharing.models.push(model);
    models.set(model.key, { model, sharing, index });
    if (recent.length < mostRecent)
      recent.push({ runtime, base: model.base, pools: model.pools, zones: model.zones, sharing });
  });
  return { fleet, pools, models, classes };
}

/** Looked through one by one. */
const mostRecent = 16;

interface Recent {
  readonly runtime: ServingRuntime;
  readonly base: string | null;
  readonly pools: readonly string[];
  readonly zones: readonly string[];
  readonly sharing: OpenClass;
}
type OpenClass = CheckedClass & { readonly models: Model[] };

/** Finds a model's class name by name: faster than spelling all of them out for each model. Mutable. */
class Fork {
  sharing: OpenClass | null = null;
  private readonly ways = new Map<string | null, Fork>();

  at(name: string | null): Fork {
    const known = this.ways.get(name);
    if (known !== undefined) return known;
    const fork = new Fork();
    this.ways.set(name, fork);
    return fork;
  }
}

function next(fork: Fork, name: string): Fork {
  return fork.at(name);
}

/** `runtime|base|group|pools|zones`, `!` after a group with nodes of its own, separators within a zone escaped. */
function certificateName(model: Model, group: string, isolation: IsolationLevel): string {
  const zones = model.zones.map((zone) => zone.replaceAll('%', '%25').replaceAll(',', '%2C').replaceAll('|', '%7C'));
  const owner = isolation === 'node' ? `${group}!` : group;
  return `${model.runtime}|${model.base ?? ''}|${owner}|${model.pools.join(',')}|${zones.join(',')}`;
}
