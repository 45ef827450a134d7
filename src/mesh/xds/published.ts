import { createHash } from 'node:crypto';
import type { Any } from './protos';

/** The four kinds of resources that meshd serves, in the order in which they must reach Envoy. */
export type ResourceKind = 'clusters' | 'endpoints' | 'tables' | 'scopes';

export const typeUrls: Record<ResourceKind, string> = {
  clusters: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  tables: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  scopes: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
};

/** One resource; its version follows from its content, so that a restarted server agrees with the old one. */
export interface Resource {
  readonly version: string;
  body(): Any;
}

export function fixedResource(body: Any): Resource {
  const version = createHash('sha256').update(body.value).digest('base64url').slice(0, 16);
  return { version, body: () => body };
}

/** All that Envoys are told at a moment. Scopes are kept as scope -> table: there are very many. */
export interface Published {
  readonly clusters: Map<string, Resource>;
  readonly endpoints: Map<string, Resource>;
  readonly tables: Map<string, Resource>;
  readonly scopes: Map<string, string>;
}

/** Resources of one kind to set and to remove at once. */
export interface Change {
  readonly kind: ResourceKind;
  /** name -> what it becomes (for scopes: the table) */
  readonly set: ReadonlyMap<string, Resource | string>;
  readonly removed: readonly string[];
}

/** Changes that may travel together; the next step waits until Envoy holds them. */
export type Step = readonly Change[];

export function publish(published: Published, step: Step): void {
  for (const { kind, set, removed } of step) {
    const target = published[kind] as Map<string, Resource | string>;
    for (const [name, value] of set) target.set(name, value);
    for (const name of removed) target.delete(name);
  }
}
