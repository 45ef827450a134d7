import type { ModelRoute, RouteState } from '../../../src/mesh/route-state';

/** What Envoy's filters (`xds/lua-rest.ts`) find for a name as a caller of the tenant spells it. */
export function lookUp({ routes }: RouteState, tenant: string, asked: string, open: boolean): ModelRoute | undefined {
  const parts = asked.split('~');
  const [of, name, version] = parts.length === 1 ? [tenant, asked] : parts;
  if (!open && of !== tenant) return undefined;
  const led = (spelled: string) => routes.find((route) => route.name === spelled && (open || route.tenant === tenant));
  const bare = led(open && of !== 'default' ? `${of}~${name}` : `${name}`);
  if (version === undefined || bare?.served === asked) return bare;
  return led(asked);
}
