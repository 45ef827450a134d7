import type { Board } from './board';
import type { Fit, Ways } from './drain';
import { cheapen, drainInto, merge, type Saving, shrink } from './savings';
import type { Site, SiteClass } from './site';

export interface SearchWays {
  readonly fit: Fit;
  /** Shards looked at for each step. */
  readonly candidates: number;
  /** Fits that the whole class may look at. */
  readonly work: number;
}

/**
 * Savings of one class, one after another, each the one that saves most for its moves of those looked at: the shards of
 * which a drain would save most a move. Leaves them all on the board.
 */
export function searchClass(board: Board, of: SiteClass, ways: SearchWays): Saving[] {
  const found: Saving[] = [];
  const end = board.work + ways.work;
  const failed = new Set<Site>();
  const once: Ways = { fit: ways.fit, depth: 2, work: Math.max(20_000, Math.floor(ways.work / 200)) };
  for (;;) {
    // What on-demand models share is no sum of sizes: their shards stay as they are.
    const open = board.sites.filter((site) => site.open && site.of === of && site.onDemand === 0);
    if (open.length === 0 || board.work > end) break;
    const best = bestStep(board, open, failed, once, ways.candidates, end) ?? bestMerge(board, open, once);
    if (best === null) break;
    found.push(best());
    for (const site of failed) if (!site.open) failed.delete(site);
  }
  return found;
}

/** Looks at some, undoes them all, and gives the best to be done again. */
function bestStep(
  board: Board,
  open: readonly Site[],
  failed: Set<Site>,
  once: Ways,
  most: number,
  end: number,
): (() => Saving) | null {
  const order = open
    .filter((site) => !failed.has(site))
    .sort((a, b) => hope(b) - hope(a) || b.price - a.price || a.members.size - b.members.size || a.index - b.index);
  let best: { readonly saving: Saving; readonly again: () => Saving | null } | null = null;
  let looked = 0;
  for (const site of order) {
    if (looked >= most || board.work > end) break;
    // What is left can save no more a move than it hopes to.
    if (best !== null && hope(site) <= ratio(best.saving)) break;
    const options = optionsFor(board, site, open, once);
    let any = false;
    for (const again of options) {
      const mark = board.log.length;
      const saving = again();
      board.undoTo(mark);
      if (saving === null) continue;
      any = true;
      if (best === null || ratio(saving) > ratio(best.saving)) best = { saving, again };
      break;
    }
    if (any) looked++;
    else failed.add(site);
  }
  if (best === null) return null;
  const { again } = best;
  return () => again() as Saving;
}

/** Dearest saving first: the first that works is the one for this shard. */
function optionsFor(board: Board, site: Site, open: readonly Site[], ways: Ways): (() => Saving | null)[] {
  return [
    ...(volumeFits(board, site, open)
      ? [
          () => drainInto(board, site, open, { ...ways, depth: 0 }),
          () => drainInto(board, site, open, { ...ways, fit: 'aligned' as const, depth: 0 }),
          () => drainInto(board, site, open, ways),
        ]
      : []),
    () => shrink(board, site, open, ways),
    ...site.of.pools
      .filter((pool) => pool.podPriceMicrosPerHour < site.pool.podPriceMicrosPerHour)
      .map((pool) => () => cheapen(board, site, pool, open, ways)),
  ];
}

/** Is there room for the shard's copies at all, were they liquid? */
function volumeFits(board: Board, site: Site, open: readonly Site[]): boolean {
  const pools = [...new Set(open.map((other) => other.pool))];
  const room = site.capacity.map(() => 0);
  for (const other of open)
    if (other !== site)
      for (let d = 0; d < room.length; d++) room[d] = (room[d] as number) + Math.max(0, other.free[d] as number);
  for (const i of site.members) {
    if (board.allows(i, site, null)) continue;
    const needs = pools.map((pool) => board.need(i, site.of, pool));
    for (let d = 0; d < room.length; d++) {
      let least = Number.POSITIVE_INFINITY;
      for (const need of needs) least = Math.min(least, need[d] as number);
      room[d] = (room[d] as number) - least;
    }
  }
  return room.every((rest) => rest >= 0);
}

function bestMerge(board: Board, open: readonly Site[], ways: Ways): (() => Saving) | null {
  let best: { readonly saving: Saving; readonly again: () => Saving | null } | null = null;
  const [first] = open;
  if (first === undefined || open.length < 2) return null;
  for (const pool of first.of.pools) {
    const order = open
      .filter((site) => site.pool !== pool)
      .sort((a, b) => hope(b) - hope(a) || a.index - b.index)
      .slice(0, 200);
    const again = () => merge(board, order, pool, first.of, open, ways);
    const mark = board.log.length;
    const saving = again();
    board.undoTo(mark);
    if (saving !== null && (best === null || ratio(saving) > ratio(best.saving))) best = { saving, again };
  }
  if (best === null) return null;
  const { again } = best;
  return () => again() as Saving;
}

/** Most that a drain of it can save a move. */
function hope(site: Site): number {
  return site.price / Math.max(site.home, 0.001);
}

/** Saved a move. */
export function ratio(saving: Pick<Saving, 'cost' | 'moves'>): number {
  return -saving.cost / Math.max(saving.moves, 0.001);
}
