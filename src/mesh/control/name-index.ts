import type { ModelRoute } from '../route-state';
import type { ModelRecord } from './records';
import { type RouteList, routeKey } from './route-list';
import { compareVersions } from './version-order';

/** The group of models that are declared and not up anywhere: callers hear "not now", not "unknown". */
export const noneGroup = '@none';

export interface NamingOptions {
  /** Callers are not told apart: bare names are the default tenant's, all others have their tenant's before them. */
  readonly open: boolean;
  readonly timeoutMs: number;
}

/** One tenant's models of one name. */
export interface NameSet {
  readonly tenant: string;
  readonly name: string;
  /** Newest first. */
  readonly versions: ModelRecord[];
  routes: readonly ModelRoute[];
}

/**
 * The names that Envoy knows, one a model: the tenant's `name` leads to the newest version that is up (or, with none up, the
 * newest declared), and each other version has its served name. What else clients may say is brought to these by Envoy's
 * filter (`xds/lua-rest.ts`): `tenant~name` is the name; `tenant~name~version` and a version in the request are what the
 * name leads to where that is just this version, else the served name.
 */
export class NameIndex {
  private readonly sets = new Map<string, NameSet>();
  private readonly touched = new Set<NameSet>();

  constructor(
    private readonly list: RouteList,
    private readonly options: NamingOptions,
  ) {}

  add(model: ModelRecord): void {
    const key = `${model.tenant}~${model.name}`;
    let set = this.sets.get(key);
    if (set === undefined) {
      set = { tenant: model.tenant, name: model.name, versions: [], routes: [] };
      this.sets.set(key, set);
    }
    set.versions.push(model);
    if (set.versions.length > 1) set.versions.sort((a, b) => compareVersions(b.version, a.version));
    model.nameSet = set;
    this.touched.add(set);
  }

  remove(model: ModelRecord): void {
    const set = model.nameSet;
    if (set === null) return;
    set.versions.splice(set.versions.indexOf(model), 1);
    this.touched.add(set);
  }

  /** The model's target, residency or listings changed. */
  touch(model: ModelRecord): void {
    if (model.nameSet !== null) this.touched.add(model.nameSet);
  }

  /** Writes what changed into the list. */
  flush(): void {
    for (const set of this.touched) {
      const { tenant, name, routes: before } = set;
      const routes = this.routesOf(set);
      for (const route of routes) if (!before.includes(route)) this.list.set(routeKey(tenant, route.name), route);
      for (const old of before) {
        if (!routes.some((route) => route.name === old.name)) this.list.set(routeKey(tenant, old.name), null);
      }
      set.routes = routes;
      if (set.versions.length === 0) this.sets.delete(`${tenant}~${name}`);
    }
    this.touched.clear();
  }

  private routesOf(set: NameSet): readonly ModelRoute[] {
    const { tenant, name, versions } = set;
    const known = versions.filter((model) => model.target !== null || model.listings.length > 0);
    const newest = known.find((model) => model.target !== null) ?? known[0];
    const bare = this.options.open && tenant !== 'default' ? `${tenant}~${name}` : name;
    return known.map((model) => {
      const route = this.routeOf(model === newest ? bare : model.served, model);
      const old = set.routes.find((other) => other.name === route.name);
      return old !== undefined && sameRoute(old, route) ? old : route;
    });
  }

  private routeOf(name: string, model: ModelRecord): ModelRoute {
    const { tenant, served, residency, target } = model;
    return { tenant, name, served, shard: target?.id ?? noneGroup, residency, timeoutMs: this.options.timeoutMs };
  }
}

function sameRoute(a: ModelRoute, b: ModelRoute): boolean {
  return a.served === b.served && a.shard === b.shard && a.residency === b.residency && a.timeoutMs === b.timeoutMs;
}
