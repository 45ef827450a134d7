import type { ModelRoute } from '../route-state';

export type RouteChange = { readonly before: ModelRoute | null; readonly after: ModelRoute | null };

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const compare = (a: ModelRoute, b: ModelRoute): number => order(a.tenant, b.tenant) || order(a.name, b.name);

const same = (a: ModelRoute, b: ModelRoute): boolean =>
  a === b ||
  (a.served === b.served &&
    a.shard === b.shard &&
    a.residency === b.residency &&
    a.timeoutMs === b.timeoutMs &&
    // Of aliases: what has not changed is the same object.
    a.split === b.split &&
    a.mirror === b.mirror);

/** What differs between two sorted lists of routes; unchanged objects cost almost nothing. */
export function routeChanges(before: readonly ModelRoute[], after: readonly ModelRoute[]): RouteChange[] {
  const changes: RouteChange[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const old = before[i];
    const now = after[j];
    if (old === undefined && now === undefined) return changes;
    if (old !== undefined && old === now) {
      i++;
      j++;
      continue;
    }
    const which = old === undefined ? 1 : now === undefined ? -1 : compare(old, now);
    if (which < 0 && old !== undefined) {
      changes.push({ before: old, after: null });
      i++;
    } else if (which > 0 && now !== undefined) {
      changes.push({ before: null, after: now });
      j++;
    } else if (old !== undefined && now !== undefined) {
      if (!same(old, now)) changes.push({ before: old, after: now });
      i++;
      j++;
    }
  }
}
