import { dimensions, podCapacity } from '../../declare/capacity';
import type { Fleet } from '../../declare/fleet';
import { sharingClasses } from '../sharing';
import type { SiteClass } from './site';

/** The fleet's classes with what their pods hold, and the class of each model. */
export function siteClasses(fleet: Fleet): {
  readonly classes: readonly SiteClass[];
  readonly of: ReadonlyMap<string, SiteClass>;
} {
  const context = {
    packing: fleet.packing,
    mesh: fleet.mesh,
    modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null,
  };
  const of = new Map<string, SiteClass>();
  const classes = sharingClasses(fleet).map((sharing): SiteClass => {
    const runtime = fleet.runtimes.find((candidate) => candidate.name === sharing.runtime);
    if (runtime === undefined) throw new TypeError(`no runtime ${sharing.runtime} in the fleet`);
    const base = runtime.baseModels.find((model) => model.name === sharing.base) ?? null;
    const pools = fleet.pools
      .filter((pool) => sharing.pools.includes(pool.name))
      .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour || (a.name < b.name ? -1 : 1));
    const capacity = new Map(
      pools.map((pool) => {
        const vector = podCapacity(context, pool, runtime, base);
        return [pool.name, dimensions.map((dimension) => vector[dimension])];
      }),
    );
    const own: SiteClass = {
      sharing,
      runtime,
      pools,
      capacity,
      owner: sharing.nodeIsolated ? sharing.group : '',
      hasConflicts: sharing.models.some((model) => model.neverWith.length > 0),
    };
    for (const model of sharing.models) of.set(model.key, own);
    return own;
  });
  return { classes, of };
}
