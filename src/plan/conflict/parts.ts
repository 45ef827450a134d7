import { byCodePoint } from '../../declare/findings';
import type { Fleet, Model } from '../../declare/fleet';
import { type SharingClass, sharingClasses } from '../../pack/sharing';
import type { ConflictingModels } from './conflict';

/** Models that are left out together, or stay together. */
export interface Part {
  readonly models: readonly Model[];
}

/** Classes, then tenants of a class, then models: each list with those of most appetite first. */
export function classParts(fleet: Fleet, appetite: ReadonlyMap<string, number>): Part[] {
  return ordered(
    sharingClasses(fleet).map(({ models }) => models),
    appetite,
  );
}

export function tenantParts(parts: readonly Part[], appetite: ReadonlyMap<string, number>): Part[] {
  const pieces = parts.flatMap(({ models }) => {
    const byTenant = new Map<string, Model[]>();
    for (const model of models) byTenant.set(model.tenant, [...(byTenant.get(model.tenant) ?? []), model]);
    return [...byTenant.values()];
  });
  return ordered(pieces, appetite);
}

export function modelParts(parts: readonly Part[], appetite: ReadonlyMap<string, number>): Part[] {
  return ordered(
    parts.flatMap(({ models }) => models.map((model) => [model])),
    appetite,
  );
}

function ordered(lists: readonly (readonly Model[])[], appetite: ReadonlyMap<string, number>): Part[] {
  const sums = new Map(
    lists.map((models) => [models, models.reduce((sum, { key }) => sum + (appetite.get(key) ?? 0), 0)]),
  );
  return lists
    .filter((models) => models.length > 0)
    .sort((a, b) => (sums.get(b) as number) - (sums.get(a) as number) || byCodePoint(a[0]?.key ?? '', b[0]?.key ?? ''))
    .map((models) => ({ models }));
}

/** All models of the parts, in the order of the fleet. */
export function modelsOf(fleet: Fleet, parts: readonly Part[]): readonly Model[] {
  const keys = new Set(parts.flatMap(({ models }) => models.map(({ key }) => key)));
  return fleet.models.filter((model) => keys.has(model.key));
}

/** By class and tenant, in the order of `models`. */
export function described(fleet: Fleet, models: readonly Model[]): ConflictingModels[] {
  const classes = new Map<string, SharingClass>();
  const counts = new Map<string, number>();
  const name = (sharing: SharingClass, tenant: string) => `${sharing.key} ${tenant}`;
  for (const sharing of sharingClasses(fleet))
    for (const model of sharing.models) {
      classes.set(model.key, sharing);
      const group = name(sharing, model.tenant);
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
  const groups = new Map<string, { readonly sharing: SharingClass; readonly tenant: string; keys: string[] }>();
  for (const { key, tenant } of models) {
    const sharing = classes.get(key);
    if (sharing === undefined) continue;
    const group = groups.get(name(sharing, tenant)) ?? { sharing, tenant, keys: [] };
    group.keys.push(key);
    groups.set(name(sharing, tenant), group);
  }
  return [...groups].map(([group, { sharing, tenant, keys }]) => ({
    tenant,
    runtime: sharing.runtime,
    base: sharing.base,
    group: sharing.group,
    nodeIsolated: sharing.nodeIsolated,
    pools: sharing.pools,
    zones: sharing.zones,
    keys,
    of: counts.get(group) ?? keys.length,
  }));
}
