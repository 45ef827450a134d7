import { byCodePoint } from '../declare/findings';
import type { Fleet, Model } from '../declare/fleet';

/** Models that may share a pod: same runtime and base, isolation group, allowed pools and zones. */
export interface SharingClass {
  readonly key: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
  readonly nodeIsolated: boolean;
  readonly pools: readonly string[];
  readonly zones: readonly string[];
  /** Sorted by key. */
  readonly models: readonly Model[];
}

/** Spells a class; two models share one exactly when their keys are equal. */
export function classKey(parts: Omit<SharingClass, 'key' | 'models'>): string {
  const isolation = parts.nodeIsolated ? `${parts.group}!` : parts.group;
  return [parts.runtime, parts.base ?? '', isolation, parts.pools.join(','), parts.zones.map(escaped).join(',')].join(
    '|',
  );
}

/** Zones are free text: one with a separator in it must not read as two. */
function escaped(zone: string): string {
  return zone.replaceAll('%', '%25').replaceAll(',', '%2C').replaceAll('|', '%7C');
}

/** The fleet's classes, sorted by key. */
export function sharingClasses(fleet: Fleet): SharingClass[] {
  const tenants = new Map(fleet.tenants.map((tenant) => [tenant.name, tenant]));
  const classes = new Map<string, { parts: Omit<SharingClass, 'key' | 'models'>; models: Model[] }>();
  for (const model of fleet.models) {
    const tenant = tenants.get(model.tenant);
    const parts = {
      runtime: model.runtime,
      base: model.base,
      group: tenant?.group ?? 'shared',
      nodeIsolated: tenant?.isolation === 'node',
      pools: model.pools,
      zones: model.zones,
    };
    const key = classKey(parts);
    const existing = classes.get(key);
    if (existing === undefined) classes.set(key, { parts, models: [model] });
    else existing.models.push(model);
  }
  return [...classes]
    .map(([key, { parts, models }]) => ({ key, ...parts, models }))
    .sort((a, b) => byCodePoint(a.key, b.key));
}
