import type { PodEndpoint, RouteState, ShardEndpoints } from '../route-state';
import {
  type ClusterKind,
  type ClusterLimits,
  clusterKinds,
  clusterName,
  clusterResource,
  endpointsResource,
} from './clusters';
import { type Change, fixedResource, type Published, type Resource, type Step } from './published';
import { routeChanges } from './route-changes';
import { holderName, scopeName } from './scopes';
import { branchClusters, serverTable, shardsOf, type TableSpec, tableOf, tableResource } from './tables';

const empty: RouteState = { routes: [], shards: [] };

interface Cluster {
  readonly kind: ClusterKind;
  readonly shard: ShardEndpoints;
}

/** Turns successive route states into steps that never leave a request without a place to go. */
export class StepPlanner {
  private state = empty;
  private readonly tables = new Map<string, { readonly spec: TableSpec; uses: number }>();
  private readonly built = new Map<string, { readonly key: unknown; readonly resource: Resource }>();

  constructor(private readonly limits: ClusterLimits) {}

  /**
   * Steps from what is published to `next`: clusters and endpoints, tables, scopes, scopes that go (Envoy applies what goes
   * in one message before what comes, and a version may change the scope it is found by), late endpoints, other removals.
   * Throws TypeError when a route names a shard that the state lacks.
   */
  plan(next: RouteState, published: Published): readonly Step[] {
    const shards = new Map(next.shards.map((shard) => [shard.shard, shard]));
    this.checkShards(next, shards);
    const scopes = this.scopeChanges(next);
    const before = new Map(this.state.shards.map((shard) => [shard.shard, shard]));
    this.state = next;

    const clusters = this.clusters(shards);
    const clusterSet = new Map<string, Resource>();
    const early = new Map<string, Resource>();
    const late = new Map<string, Resource>();
    for (const [name, { kind, shard }] of clusters) {
      const cluster = this.build(`c ${name}`, kind, () => clusterResource(name, kind, this.limits));
      if (published.clusters.get(name)?.version !== cluster.version) clusterSet.set(name, cluster);
      const endpoints = this.endpoints(name, kind, shard.pods, '');
      if (published.endpoints.get(name)?.version === endpoints.version) continue;
      // While the shard's routes change, only pods that serve it both before and after may get its requests.
      const old = scopes.touched.has(shard.shard) ? before.get(shard.shard) : undefined;
      const both = old === undefined ? [] : shard.pods.filter((pod) => old.pods.some((other) => other.pod === pod.pod));
      if (both.length === 0 || both.length === shard.pods.length) early.set(name, endpoints);
      else {
        early.set(name, this.endpoints(name, kind, both, 'both '));
        late.set(name, endpoints);
      }
    }

    const tableSet = new Map<string, Resource>();
    const holders = new Map<string, string>();
    for (const [name, { spec }] of this.tables) {
      const spoken = spec.branches.map(({ shard }) => shards.get(shard)?.protocols.join()).join(' ');
      const table = this.build(`t ${name}`, spoken, () => tableResource(spec, shards));
      if (published.tables.get(name)?.version !== table.version) tableSet.set(name, table);
      if (!published.scopes.has(holderName(name))) holders.set(holderName(name), name);
    }

    const gone = <T>(kept: ReadonlyMap<string, T>, wanted: { has(name: string): boolean }): string[] =>
      [...kept.keys()].filter((name) => !wanted.has(name));
    const tablesGone = gone(published.tables, this.tables).filter((name) => name !== serverTable);
    const clustersGone = gone(published.clusters, clusters);
    for (const name of tablesGone) this.built.delete(`t ${name}`);
    for (const name of clustersGone) for (const part of ['c', 'e', 'e both']) this.built.delete(`${part} ${name}`);

    const change = (kind: Change['kind'], set: Change['set'], removed: readonly string[] = []): Change[] =>
      set.size > 0 || removed.length > 0 ? [{ kind, set, removed }] : [];
    const none = new Map<string, never>();
    return [
      [...change('clusters', clusterSet), ...change('endpoints', early)],
      [...change('tables', tableSet), ...change('scopes', holders)],
      change('scopes', scopes.set),
      change('scopes', none, scopes.removed),
      change('endpoints', late),
      [...change('scopes', none, tablesGone.map(holderName)), ...change('tables', none, tablesGone)],
      [...change('clusters', none, clustersGone), ...change('endpoints', none, clustersGone)],
    ].filter((step) => step.length > 0);
  }

  private checkShards(next: RouteState, shards: ReadonlyMap<string, ShardEndpoints>): void {
    // Routes that were there before, on shards that all still are, need no second look.
    const { routes } = this.state;
    const kept = this.state.shards.every(({ shard }) => shards.has(shard));
    const lost = next.routes.find(
      (route, i) => !(kept && route === routes[i]) && !shardsOf(route).every((shard) => shards.has(shard)),
    );
    if (lost !== undefined)
      throw new TypeError(`route ${lost.tenant}/${lost.name} names unknown shard ${shardsOf(lost)}`);
  }

  private scopeChanges(next: RouteState) {
    const changes = routeChanges(this.state.routes, next.routes);
    const set = new Map<string, string>();
    const dropped = new Set<string>();
    const touched = new Set<string>();
    for (const { before: old } of changes) {
      if (old === null) continue;
      for (const shard of shardsOf(old)) touched.add(shard);
      dropped.add(scopeName(old));
      const table = this.tables.get(tableOf(old).name);
      if (table !== undefined) table.uses--;
    }
    for (const { after } of changes) {
      if (after === null) continue;
      for (const shard of shardsOf(after)) touched.add(shard);
      const spec = tableOf(after);
      const name = scopeName(after);
      dropped.delete(name);
      set.set(name, spec.name);
      const table = this.tables.get(spec.name);
      if (table === undefined) this.tables.set(spec.name, { spec, uses: 1 });
      else table.uses++;
    }
    for (const [name, { uses }] of this.tables) if (uses === 0) this.tables.delete(name);
    return { set, removed: [...dropped], touched };
  }

  private clusters(shards: ReadonlyMap<string, ShardEndpoints>): Map<string, Cluster> {
    const clusters = new Map<string, Cluster>();
    const add = (kind: ClusterKind, shard: ShardEndpoints) =>
      clusters.set(clusterName(shard.shard, kind), { kind, shard });
    for (const shard of shards.values()) for (const kind of clusterKinds(shard)) add(kind, shard);
    for (const { spec } of this.tables.values()) {
      for (const branch of spec.branches) {
        const shard = shards.get(branch.shard);
        if (shard !== undefined) for (const kind of branchClusters(branch, shard)) add(kind, shard);
      }
    }
    return clusters;
  }

  private endpoints(name: string, kind: ClusterKind, pods: readonly PodEndpoint[], variant: '' | 'both '): Resource {
    // Pods that have not changed are the same list.
    return this.build(`e ${variant}${name}`, pods, () => endpointsResource(name, kind, pods));
  }

  private build(id: string, key: unknown, make: () => Parameters<typeof fixedResource>[0]): Resource {
    const old = this.built.get(id);
    if (old !== undefined && old.key === key) return old.resource;
    const resource = fixedResource(make());
    this.built.set(id, { key, resource });
    return resource;
  }
}
