import { byCodePoint } from '../declare/findings';
import type { Model } from '../declare/fleet';
import type { ClassContext } from './class-context';
import { fitsIn } from './class-context';
import { OpenShard } from './open-shard';
import type { PackedShard } from './pack-class';

export interface SpreadRules {
  /** Locked models stay where they are. */
  readonly mayMove: (model: Model) => boolean;
  /** May a shard get its first model that is nowhere else? It is one more replica set. */
  readonly newSets: boolean;
}

/**
 * Evens out how many models the loss of a pod takes down: those that only it holds. Such models go from the pods with most
 * to those of the same pool with fewest, where these have room, so that pods and cost stay as they are.
 */
export function spreadOut(
  filled: ReadonlyMap<ClassContext, readonly PackedShard[]>,
  rules: SpreadRules,
): ReadonlyMap<ClassContext, readonly PackedShard[]> {
  return new Map([...filled].map(([context, shards]) => [context, spreadClass(context, shards, rules)]));
}

interface Site {
  readonly shard: OpenShard;
  /** Models that only this pod holds. */
  lost: number;
}

function spreadClass(context: ClassContext, shards: readonly PackedShard[], rules: SpreadRules): PackedShard[] {
  const copies = new Map<Model, number>();
  for (const { models, replicas } of shards)
    for (const model of models) copies.set(model, (copies.get(model) ?? 0) + replicas);
  const open = shards.map((packed) => {
    const shard = new OpenShard(context, packed.id, packed.pool, packed.replicas);
    for (const model of packed.models) shard.add({ model, copies: copies.get(model) ?? packed.replicas });
    return shard;
  });
  const byPool = new Map<string, Site[]>();
  for (const shard of open) {
    if (shard.replicas !== 1) continue;
    const lost = shard.pieces.reduce((sum, { model, copies }) => sum + (copies === 1 ? weight(model) : 0), 0);
    const sites = byPool.get(shard.pool.name) ?? [];
    sites.push({ shard, lost });
    byPool.set(shard.pool.name, sites);
  }
  for (const sites of byPool.values()) evenOut(sites, rules);
  return open;
}

/** From the site with most on, until none can give any more. Each move makes the sum of squares less: it ends. */
function evenOut(sites: readonly Site[], rules: SpreadRules): void {
  const givers = [...sites];
  while (givers.length > 0) {
    const from = givers.reduce((most, site) => (site.lost > most.lost ? site : most));
    if (!giveOne(from, sites, rules)) givers.splice(givers.indexOf(from), 1);
  }
}

function giveOne(from: Site, sites: readonly Site[], rules: SpreadRules): boolean {
  const takers = sites
    .filter((site) => site.lost + 1 < from.lost && (rules.newSets || site.lost > 0))
    .sort((a, b) => a.lost - b.lost);
  if (takers.length === 0) return false;
  const movable = from.shard.pieces
    .map((piece, index) => ({ piece, index }))
    .filter(({ piece }) => piece.copies === 1 && rules.mayMove(piece.model))
    .sort((a, b) => byCodePoint(a.piece.model.key, b.piece.model.key));
  for (const to of takers) {
    for (const { piece, index } of movable) {
      const count = weight(piece.model);
      if (to.lost + count >= from.lost || !to.shard.welcomes(piece.model)) continue;
      if (!fitsIn(to.shard.demandOf(piece), to.shard.free)) continue;
      to.shard.add(from.shard.remove(index));
      from.lost -= count;
      to.lost += count;
      return true;
    }
  }
  return false;
}

function weight(model: Model): number {
  return model.countsAs ?? 1;
}
