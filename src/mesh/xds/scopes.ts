import type { ModelRoute } from '../route-state';
import { listScope } from './listing';
import { protos } from './protos';

/** What Envoy reads a request's scope from: the tenant too where callers are told apart, else the name alone. */
export type ScopeKeying = 'tenant-and-name' | 'name';

/** The scope resource of one route. */
export const scopeName = ({ tenant, name }: ModelRoute): string => `${tenant}/${name}`;

// No name, path segment or tenant has a slash: no request reaches these by itself.
const holderPrefix = '//';

/** Keeps a route table loaded in Envoy before the first model's scope points to it, and after the last. */
export const holderName = (table: string): string => `${holderPrefix}${table}`;

/** The encoded ScopedRouteConfiguration of a scope's resource name (see {@link scopeName}, {@link holderName}). */
export function scopeResource(name: string, table: string, keying: ScopeKeying) {
  const slash = name.indexOf('/');
  const key = name.startsWith(holderPrefix)
    ? ['/', name.slice(1)]
    : [name === listScope ? '/' : name.slice(0, slash), name.slice(slash + 1)];
  const fragments = keying === 'name' ? key.slice(1) : key;
  return protos().encode('envoy.config.route.v3.ScopedRouteConfiguration', {
    name,
    route_configuration_name: table,
    key: { fragments: fragments.map((string_key) => ({ string_key })) },
  });
}
