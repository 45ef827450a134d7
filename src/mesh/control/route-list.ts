import type { ModelRoute } from '../route-state';

/** Orders as by tenant, then name: the separator sorts before all that stands in names. */
export function routeKey(tenant: string, name: string): string {
  return `${tenant}\0${name}`;
}

/** All routes in order. A batch of changes costs one copy of the list, however many they are. */
export class RouteList {
  private keys: string[] = [];
  private list: readonly ModelRoute[] = [];
  private readonly changes = new Map<string, ModelRoute | null>();

  /** null: the name is no longer served. */
  set(key: string, route: ModelRoute | null): void {
    this.changes.set(key, route);
  }

  get size(): number {
    return this.list.length;
  }

  get changed(): boolean {
    return this.changes.size > 0;
  }

  /** The list with all changes so far; the same array where there were none. */
  current(): readonly ModelRoute[] {
    if (this.changes.size === 0) return this.list;
    const changed = [...this.changes.keys()].sort();
    const keys: string[] = [];
    const list: ModelRoute[] = [];
    let from = 0;
    const copyTo = (end: number) => {
      for (; from < end; from++) {
        keys.push(this.keys[from] as string);
        list.push(this.list[from] as ModelRoute);
      }
    };
    for (const key of changed) {
      copyTo(lowerBound(this.keys, key, from));
      if (this.keys[from] === key) from++;
      const route = this.changes.get(key);
      if (route === null || route === undefined) continue;
      keys.push(key);
      list.push(route);
    }
    copyTo(this.keys.length);
    this.changes.clear();
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
