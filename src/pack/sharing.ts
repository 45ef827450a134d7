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
  const classes = new Map<string, OpenClass>();
  // Most models are of a class that was met before: found without spelling it.
  const met = new Map<string, OpenClass[]>();
  for (const model of fleet.models) {
    let own = met.get(model.tenant);
    if (own === undefined) {
      own = [];
      met.set(model.tenant, own);
    }
    const known = own.find(({ parts }) => isLike(parts, model));
    if (known !== undefined) {
      known.models.push(model);
      continue;
    }
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
    const existing = classes.get(key) ?? { parts, models: [] };
    existing.models.push(model);
    classes.set(key, existing);
    own.push(existing);
  }
  return [...classes]
    .map(([key, { parts, models }]) => ({ key, ...parts, models }))
    .sort((a, b) => byCodePoint(a.key, b.key));
}

interface OpenClass {
  readonly parts: Omit<SharingClass, 'key' | 'models'>;
  readonly models: Model[];
}

/** Is a model of the same tenant of this class? */
function isLike(parts: OpenClass['parts'], model: Model): boolean {
  return (
    parts.runtime === model.runtime &&
    parts.base === model.base &&
    sameTexts(parts.pools, model.pools) &&
    sameTexts(parts.zones, model.zones)
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
