import type { ModelRoute } from '../route-state';

/** How a name that clients ask for becomes the served name: around it, or instead of it. */
export type Rewrite =
  | { readonly kind: 'around'; readonly prefix: string; readonly suffix: string }
  | { readonly kind: 'instead'; readonly served: string };

/** The rewrite of a route; many routes of a shard share one. */
export function rewriteOf(route: Pick<ModelRoute, 'name' | 'served'>): Rewrite {
  const { name, served } = route;
  if (name === served) return { kind: 'around', prefix: '', suffix: '' };
  const first = served.indexOf('~');
  const last = served.lastIndexOf('~');
  // tenant~name~version: asked for as the name, or as tenant~name.
  if (first > 0 && last > first) {
    if (served.slice(first + 1, last) === name)
      return { kind: 'around', prefix: served.slice(0, first + 1), suffix: served.slice(last) };
    if (served.slice(0, last) === name) return { kind: 'around', prefix: '', suffix: served.slice(last) };
  }
  return { kind: 'instead', served };
}

/** Distinct for distinct rewrites: no name contains ":" or "*". */
export function rewriteKey(rewrite: Rewrite): string {
  return rewrite.kind === 'around' ? `${rewrite.prefix}*${rewrite.suffix}` : `=${rewrite.served}`;
}
