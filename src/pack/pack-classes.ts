import type { ClassContext } from './class-context';
import { fillGaps } from './fill';
import type { Kept } from './keep-locked';
import { oneByOne } from './one-by-one';
import { type PackedShard, tryClass } from './pack-class';
import { finerCuts, type Piece } from './pieces';
import type { PoolLimits } from './pool-limits';

type Filled = Map<ClassContext, readonly PackedShard[]>;

/**
 * Packs every class: kept shards take in what fits, the rest gets new shards. Classes meet in the pools' counts only:
 * they are packed as if pools had no end, then again with scarce pools dearer until all is within the limits.
 */
export function packClasses(
  contexts: readonly ClassContext[],
  kept: Kept,
  limits: PoolLimits,
  onProgress: (done: number) => void,
): ReadonlyMap<ClassContext, readonly PackedShard[]> {
  const rest = new Map<ClassContext, readonly Piece[]>();
  let done = 0;
  for (const context of contexts) {
    const existing = kept.shards.get(context.sharing.key) ?? [];
    const pieces = kept.rest.get(context) ?? [];
    rest.set(context, existing.length === 0 ? pieces : fillGaps(context, pieces, existing));
  }
  const scarcity = new Map<string, number>();
  const packed: Filled = new Map();
  for (const context of contexts) {
    packed.set(context, packRest(context, rest, scarcity));
    done += context.sharing.models.length;
    onProgress(done);
  }
  const chosen =
    limits.exist && exceeded(packed, limits).size > 0 ? withinLimits(contexts, rest, packed, limits) : packed;
  return new Map(
    contexts.map((context) => [
      context,
      [...(kept.shards.get(context.sharing.key) ?? []), ...(chosen.get(context) ?? [])],
    ]),
  );
}

function packRest(
  context: ClassContext,
  rest: ReadonlyMap<ClassContext, readonly Piece[]>,
  scarcity: ReadonlyMap<string, number>,
): readonly PackedShard[] {
  const pieces = rest.get(context) ?? [];
  if (pieces.length === 0) return [];
  let best = tryClass(context, pieces, scarcity).pack();
  if (scarcity.size === 0 && pieces.length <= (context.effort === 'max' ? 4 : 1) * mostForCuts) {
    const cuts = finerCuts(context, pieces).map((cut) => tryClass(context, cut));
    cuts.sort((a, b) => a.least - b.least);
    const few = pieces.length <= fewForCuts || context.effort === 'max';
    for (const cut of few ? cuts : cuts.slice(0, 2)) {
      if (cut.least >= best.cost) break;
      const other = cut.pack();
      if (other.cost < best.cost) best = other;
    }
  }
  return best.refined();
}

/** Above the first all cuts are packed no more, only the two of least fractional cost; above the second small models fill what hot ones leave. */
const fewForCuts = 200;
const mostForCuts = 3000;

const mostRaises = 8;

/** Raises the price of scarce pools until the classes that gain least by them stay away; one by one as a last resort. */
function withinLimits(
  contexts: readonly ClassContext[],
  rest: ReadonlyMap<ClassContext, readonly Piece[]>,
  first: Filled,
  limits: PoolLimits,
): Filled {
  const scarcity = new Map<string, number>();
  let packed = first;
  for (let raise = 0; raise < mostRaises; raise++) {
    const over = exceeded(packed, limits);
    if (over.size === 0) return packed;
    for (const pool of over) scarcity.set(pool, (scarcity.get(pool) ?? 1) * (raise < 4 ? 1.15 : 2));
    const next: Filled = new Map(packed);
    for (const context of contexts) {
      const choice = context.pools.length > 1 && context.pools.some((pool) => over.has(pool.name));
      if (choice) next.set(context, packRest(context, rest, scarcity));
    }
    packed = next;
  }
  return exceeded(packed, limits).size === 0 ? packed : oneByOne(contexts, rest, limits);
}

/** Names of pools whose limits the shards break, kept ones counted. */
function exceeded(packed: Filled, limits: PoolLimits): Set<string> {
  const own = limits.fork();
  const over = new Set<string>();
  for (const [context, shards] of packed) {
    for (const { pool, replicas } of shards) {
      own.add(pool, context.owner, replicas);
      if (pool.maxNodes !== null && replicas > pool.maxNodes) over.add(pool.name);
    }
  }
  for (const context of packed.keys())
    for (const pool of context.pools) if (!own.allows(pool, context.owner, 0)) over.add(pool.name);
  return over;
}
