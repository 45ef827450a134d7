import type { AliasState } from '../../protocol/mesh-state';
import type { RouteTableAlias } from '../../render/route-table';
import type { ModelRoute } from '../route-state';
import { AliasIndex } from './alias-index';
import { noneGroup } from './none-group';
import { type ModelRecord, without } from './records';
import { type RouteList, routeKey } from './route-list';
import { compareVersions } from './version-order';

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
  versions: readonly ModelRecord[];
  routes: readonly ModelRoute[];
}

/**
 * The names that Envoy knows, one a model: the tenant's `name` leads to the newest version that is up (or, with none up, the
 * newest declared), and each other version has its served name. What else clients may say is brought to these by Envoy's
 * filter (`xds/lua-rest.ts`): `tenant~name` is the name; `tenant~name~version` and a version in the request are what the
 * name leads to where that is just this version, else the served name. Besides, there is one name an alias.
 */
export class NameIndex {
  private readonly sets = new Map<string, NameSet>();
  private readonly touched = new Set<NameSet>();
  private readonly aliases: AliasIndex;

  constructor(
    private readonly list: RouteList,
    private readonly options: NamingOptions,
  ) {
    this.aliases = new AliasIndex(list, options, (key, version) =>
      this.sets.get(key)?.versions.find((model) => model.version === version),
    );
  }

  /** A flush has aliases to write. */
  get changed(): boolean {
    return this.aliases.changed;
  }

  aliasStates(): readonly AliasState[] {
    return this.aliases.states();
  }

  /** All aliases that there are from now on. */
  setAliases(aliases: readonly RouteTableAlias[]): void {
    for (const key of this.aliases.set(aliases)) {
      const set = this.sets.get(key);
      if (set !== undefined) this.touched.add(set);
    }
  }

  add(model: ModelRecord): void {
    const key = `${model.tenant}~${model.name}`;
    let set = this.sets.get(key);
    if (set === undefined) {
      set = { tenant: model.tenant, name: model.name, versions: [model], routes: [] };
      this.sets.set(key, set);
    } else {
      set.versions = [...set.versions, model].sort((a, b) => compareVersions(b.version, a.version));
    }
    model.nameSet = set;
    this.touched.add(set);
    this.aliases.touch(model);
  }

  remove(model: ModelRecord): void {
    const set = model.nameSet;
    if (set === null) return;
    set.versions = without(set.versions, model);
    this.touched.add(set);
    this.aliases.touch(model);
  }

  /** The model's target, residency, timeout or listings changed. */
  touch(model: ModelRecord): void {
    this.aliases.touch(model);
    if (model.nameSet !== null) this.touched.add(model.nameSet);
  }

  /** Writes what changed into the list. */
  flush(): void {
    this.aliases.dropGone();
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
    this.aliases.flush();
  }

  private routesOf(set: NameSet): readonly ModelRoute[] {
    const { tenant, name, versions } = set;
    const known = versions.filter((model) => model.target !== null || model.listings.length > 0);
    const newest = known.find((model) => model.target !== null) ?? known[0];
    const bare = this.options.open && tenant !== 'default' ? `${tenant}~${name}` : name;
    const named = this.aliases.has(tenant, name) ? undefined : newest;
    return known.map((model) => {
      const route = this.routeOf(model === named ? bare : model.served, model);
      const old = set.routes.find((other) => other.name === route.name);
      return old !== undefined && sameRoute(old, route) ? old : route;
    });
  }

  private routeOf(name: string, model: ModelRecord): ModelRoute {
    const { tenant, served, residency, target } = model;
    const timeoutMs = model.timeoutMs ?? this.options.timeoutMs;
    return { tenant, name, served, shard: target?.id ?? noneGroup, residency, timeoutMs };
  }
}

function sameRoute(a: ModelRoute, b: ModelRoute): boolean {
  return a.served === b.served && a.shard === b.shard && a.residency === b.residency && a.timeoutMs === b.timeoutMs;
}
