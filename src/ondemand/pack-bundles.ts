import { byCodePoint } from '../declare/findings';
import type { Fleet, Model } from '../declare/fleet';
import type { Eviction, LockedModel, LockedPlacement, Packing, PackRequest, Shard } from '../pack/packing';
import { type BundleClass, bundleClasses, bundled, newBundles } from './bundle';
import { sharedLoad } from './demand';
import type { OnDemandClass } from './keep-time';
import { keepBundles, type LockedBundle } from './locked-bundles';
import { isOnDemand } from './rates';

/** A request whose on-demand models are bundled, and the way back. */
export interface Bundled {
  readonly request: PackRequest;
  /** Puts the models back in place of their bundles. */
  readonly unbundle: (packing: Packing) => Packing;
}

/**
 * Puts bundles in the place of on-demand models, so that a packer which knows of models only gives each bundle its room.
 * @param classes of the fleet, with all their models
 */
export function bundle(request: PackRequest, classes: readonly OnDemandClass[]): Bundled {
  const { fleet } = request;
  const repack = request.mode === 'repack';
  const members = new Map<string, readonly Model[]>();
  const models: Model[] = fleet.models.filter((model) => !isOnDemand(model));
  const lockedBundles: LockedModel[] = [];
  const evicted: Eviction[] = [];
  const priorShards = new Map(request.prior?.models.map(({ key, shards }) => [key, shards]));
  const add = (entry: { readonly model: Model; readonly members: readonly Model[] }, shards?: readonly string[]) => {
    members.set(entry.model.key, entry.members);
    models.push(entry.model);
    const { acceleratorMemoryBytes, memoryBytes } = entry.model.footprint;
    if (shards !== undefined && shards.length > 0)
      lockedBundles.push({ key: entry.model.key, shards, acceleratorMemoryBytes, memoryBytes });
  };
  for (const one of bundleClasses(fleet, classes)) {
    if (one.seconds === Number.POSITIVE_INFINITY) {
      models.push(...one.models.filter(isOnDemand));
      continue;
    }
    const own = bundled(one);
    const apart = new Set(own);
    for (const model of one.models) if (isOnDemand(model) && !apart.has(model)) models.push(alone(fleet, one, model));
    const kept =
      request.prior === undefined || repack
        ? { bundles: [] as LockedBundle[], rest: own, evicted: [] }
        : keepBundles(fleet, one, own, request.prior, request.unlocked ?? new Set());
    evicted.push(...kept.evicted);
    for (const locked of kept.bundles) add(locked, locked.shards);
    for (const entry of newBundles(fleet, one, kept.rest)) {
      if (!('members' in entry)) models.push(alone(fleet, one, entry));
      // For a repack to find the name that most of its models had.
      else add(entry, repack ? mostFrequent(entry.members, priorShards) : undefined);
    }
  }
  models.sort((a, b) => byCodePoint(a.key, b.key));
  const inner: PackRequest = { ...request, fleet: { ...fleet, models } };
  const hidden = new Set([...members.values()].flatMap((own) => own.map(({ key }) => key)));
  return {
    request:
      request.prior === undefined ? inner : { ...inner, prior: withBundles(request.prior, hidden, lockedBundles) },
    unbundle: (packing) => {
      const shards = packing.shards.map((shard) => ({
        ...shard,
        models: shard.models.flatMap((key) => members.get(key)?.map((model) => model.key) ?? [key]).sort(byCodePoint),
      }));
      if (repack) return { ...packing, shards, evicted: movedFrom(request.prior, shards) };
      const left = packing.evicted.flatMap((eviction) =>
        (members.get(eviction.model) ?? [{ key: eviction.model }]).map(({ key }) => ({ ...eviction, model: key })),
      );
      const wasThere = ({ model, shard }: Eviction) => priorShards.get(model)?.includes(shard) === true;
      return { ...packing, shards, evicted: [...left.filter(wasThere), ...evicted].sort(byModel) };
    },
  };
}

/** Every copy that a repack has put elsewhere. */
function movedFrom(prior: LockedPlacement | undefined, shards: readonly Shard[]): Eviction[] {
  const after = new Map<string, Set<string>>();
  for (const { id, models } of shards) for (const key of models) after.set(key, (after.get(key) ?? new Set()).add(id));
  const left = (prior?.models ?? []).flatMap(({ key, shards: before }) => {
    const now = after.get(key);
    return now === undefined ? [] : before.filter((id) => !now.has(id)).map((shard) => ({ model: key, shard }));
  });
  return left.map((eviction) => ({ ...eviction, reason: 'repack' as const })).sort(byModel);
}

function byModel(a: Eviction, b: Eviction): number {
  return byCodePoint(a.model, b.model) || byCodePoint(a.shard, b.shard);
}

/** An on-demand model that is packed by itself takes its whole size; its cold starts count all the same. */
function alone(fleet: Fleet, one: BundleClass, model: Model): Model {
  const context = { seconds: one.seconds, options: fleet.packing.onDemand };
  return { ...model, load: sharedLoad([model], one.runtime, context) };
}

function withBundles(
  prior: LockedPlacement,
  hidden: ReadonlySet<string>,
  bundles: readonly LockedModel[],
): LockedPlacement {
  const models = [...prior.models.filter(({ key }) => !hidden.has(key)), ...bundles];
  return { shards: prior.shards, models: models.sort((a, b) => byCodePoint(a.key, b.key)) };
}

function mostFrequent(
  models: readonly Model[],
  shardsOf: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const counts = new Map<string, { readonly shards: readonly string[]; count: number }>();
  for (const { key } of models) {
    const shards = shardsOf.get(key);
    if (shards === undefined) continue;
    const entry = counts.get(shards.join()) ?? { shards, count: 0 };
    entry.count += 1;
    counts.set(shards.join(), entry);
  }
  return [...counts].sort(([a, m], [b, n]) => n.count - m.count || byCodePoint(a, b))[0]?.[1].shards;
}
