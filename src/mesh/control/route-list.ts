import type { ModelRoute } from '../route-state';

/** Orders as by tenant, then name: the separator sorts before all that stands in names. */
export function routeKey(tenant: string, name: string): string {
  return `${tenant}\0${name}`;
}

/** All routes in order. A batch of changes costs one copy of the list, however many they are. */
export class RouteList {
  private keys: string[] = [];
  private list: readonly ModelRoute[] = [];
  /** In order of time; at a start there are as many as names, so each costs as little as can be. */
  private changes: { readonly key: string; readonly route: ModelRoute | null }[] = [];

  /** null: the name is no longer served. */
  set(key: string, route: ModelRoute | null): void {
    this.changes.push({ key, route });
  }

  get size(): number {
    return this.list.length;
  }

  get changed(): boolean {
    return this.changes.length > 0;
  }

  /** The list with all changes so far; the same array where there were none. */
  current(): readonly ModelRoute[] {
    if (this.changes.length === 0) return this.list;
    // Stable: of several changes of a name the last stays the last.
    const changes = this.changes.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.changes = [];
    const keys: string[] = [];
    const list: ModelRoute[] = [];
    let from = 0;
    const copyTo = (end: number) => {
      for (; from < end; from++) {
        keys.push(this.keys[from] as string);
        list.push(this.list[from] as ModelRoute);
      }
    };
    for (const [i, { key, route }] of changes.entries()) {
      if (changes[i + 1]?.key === key) continue;
      copyTo(lowerBound(this.keys, key, from));
      if (this.keys[from] === key) from++;
      if (route === null) continue;
      keys.push(key);
      list.push(route);
    }
    copyTo(this.keys.length);
    this.keys = keys;
    this.list = list;
    return list;
  }
}

function lowerBound(keys: readonly string[], key: string, from: number): number {
  let low = from;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
