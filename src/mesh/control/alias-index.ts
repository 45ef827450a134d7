import { byCodePoint } from '../../declare/findings';
import type { AliasState } from '../../protocol/mesh-state';
import { servedName } from '../../render/model-table';
import type { RouteTableAlias } from '../../render/route-table';
import type { ModelRoute, RouteShare } from '../route-state';
import { sharesOf, wholeShare } from '../shares';
import { noneGroup } from './none-group';
import { type ModelRecord, splitKey } from './records';
import { type RouteList, routeKey } from './route-list';

interface Known {
  readonly alias: RouteTableAlias;
  /** As Envoy looks it up. */
  readonly name: string;
  route: ModelRoute | null;
}

/** What aliases lead to: those of their versions that are up, by weight; none up: not now. */
export class AliasIndex {
  /** By `tenant~name`. */
  private readonly known = new Map<string, Known>();
  /** Served name -> keys of the aliases that lead to it. */
  private readonly users = new Map<string, Set<string>>();
  private readonly touched = new Set<string>();
  private readonly gone: Known[] = [];

  constructor(
    private readonly list: RouteList,
    private readonly options: { readonly open: boolean; readonly timeoutMs: number },
    /** The model of a version of `tenant~name`. */
    private readonly find: (key: string, version: string) => ModelRecord | undefined,
  ) {}

  has(tenant: string, name: string): boolean {
    return this.known.has(`${tenant}~${name}`);
  }

  get changed(): boolean {
    return this.touched.size > 0 || this.gone.length > 0;
  }

  /** What was declared, and what of it has been written. */
  states(): readonly AliasState[] {
    return [...this.known.values()]
      .map(({ alias: { alias, targets, mirror }, route }): AliasState => {
        const split: readonly Pick<RouteShare, 'served' | 'shard' | 'shareMicro'>[] =
          route === null ? [] : (route.split ?? [{ ...route, shareMicro: wholeShare }]);
        const shareOf = (key: string) =>
          split.find(({ served, shard }) => served === servedOf(key) && shard !== noneGroup)?.shareMicro ?? 0;
        return {
          alias,
          targets: targets.map(({ model, weight }) => ({ model, weight, shareMicro: shareOf(model) })),
          mirror: mirror === undefined ? null : { ...mirror, up: route?.mirror !== undefined },
        };
      })
      .sort((a, b) => byCodePoint(a.alias, b.alias));
  }

  /** All there are. Says which `tenant~name` became or ceased to be an alias. */
  set(aliases: readonly RouteTableAlias[]): readonly string[] {
    const next = new Map(aliases.map((alias) => [`${alias.tenant}~${alias.name}`, alias]));
    const turned: string[] = [];
    for (const [key, known] of this.known) {
      const alias = next.get(key);
      if (alias !== undefined && JSON.stringify(alias) === JSON.stringify(known.alias)) {
        next.delete(key);
        continue;
      }
      for (const served of servedBy(known.alias)) this.users.get(served)?.delete(key);
      if (alias !== undefined) continue;
      this.known.delete(key);
      this.touched.delete(key);
      this.gone.push(known);
      turned.push(key);
    }
    for (const [key, alias] of next) {
      const before = this.known.get(key);
      if (before === undefined) turned.push(key);
      const { tenant, name } = alias;
      const asked = this.options.open && tenant !== 'default' ? key : name;
      this.known.set(key, { alias, name: asked, route: before?.route ?? null });
      for (const served of servedBy(alias)) {
        const users = this.users.get(served);
        if (users === undefined) this.users.set(served, new Set([key]));
        else users.add(key);
      }
      this.touched.add(key);
    }
    return turned;
  }

  /** The model came, went, or its target, residency or timeout changed. */
  touch(model: ModelRecord): void {
    for (const key of this.users.get(model.served) ?? []) this.touched.add(key);
  }

  /** Takes names out of the list that are no alias any more: before models' names are written. */
  dropGone(): void {
    for (const { alias, name } of this.gone.splice(0)) this.list.set(routeKey(alias.tenant, name), null);
  }

  /** After models' names were written: an alias goes before a model of its name. */
  flush(): void {
    for (const key of this.touched) {
      const known = this.known.get(key);
      if (known === undefined) continue;
      const route = this.routeOf(known);
      if (known.route !== null && JSON.stringify(known.route) === JSON.stringify(route)) continue;
      known.route = route;
      this.list.set(routeKey(route.tenant, route.name), route);
    }
    this.touched.clear();
  }

  private routeOf({ alias, name }: Known): ModelRoute {
    const { tenant, targets, mirror } = alias;
    const up = targets.map(({ model: key, weight }) => {
      const model = this.modelOf(key);
      return { key, model, weight: model === undefined || model.target === null ? 0 : weight };
    });
    const shares = sharesOf(up.map(({ weight }) => weight));
    const split = up.flatMap(({ model }, i): RouteShare[] => {
      const shareMicro = shares[i] ?? 0;
      if (shareMicro === 0 || model === undefined || model.target === null) return [];
      const { served, target, residency } = model;
      return [{ served, shard: target.id, residency, timeoutMs: this.timeoutOf(alias, model), shareMicro }];
    });
    const [first, second] = split;
    if (first === undefined) {
      const served = servedOf(targets[0]?.model ?? '');
      const timeoutMs = this.timeoutOf(alias, undefined);
      return { tenant, name, served, shard: noneGroup, residency: 'resident', timeoutMs };
    }
    const mirrored = mirror === undefined ? undefined : this.modelOf(mirror.model);
    const copies =
      mirror === undefined || mirrored === undefined || mirrored.target === null
        ? undefined
        : { served: mirrored.served, shareMicro: mirror.shareMicro };
    const { shareMicro: _, ...whole } = first;
    return {
      tenant,
      name,
      ...whole,
      ...(second === undefined ? {} : { split }),
      ...(copies === undefined ? {} : { mirror: copies }),
    };
  }

  private timeoutOf({ timeoutMs }: RouteTableAlias, model: ModelRecord | undefined): number {
    return timeoutMs ?? model?.timeoutMs ?? this.options.timeoutMs;
  }

  private modelOf(key: string): ModelRecord | undefined {
    const { tenant, name, version } = splitKey(key);
    return this.find(`${tenant}~${name}`, version);
  }
}

const servedOf = (key: string): string => servedName(splitKey(key));

function servedBy({ targets, mirror }: RouteTableAlias): readonly string[] {
  const keys = targets.map(({ model }) => model);
  return (mirror === undefined ? keys : [...keys, mirror.model]).map(servedOf);
}
