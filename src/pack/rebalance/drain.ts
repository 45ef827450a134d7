import { dimensions } from '../../declare/capacity';
import type { Board } from './board';
import type { Site } from './site';

const width = dimensions.length;

/** How receivers are chosen: the one with least room over, or the one whose room is most like what the copy takes. */
export type Fit = 'tight' | 'aligned';

export interface Ways {
  readonly fit: Fit;
  /** Most copies that may be pushed on, one by another, to make room for one. */
  readonly depth: number;
  /** Fits that one drain may look at. */
  readonly work: number;
}

/**
 * Sends every copy of the site to one of `receivers` (or ends it, where the model has enough without), the largest first.
 * Nothing is changed where one finds no place.
 */
export function drain(board: Board, site: Site, receivers: readonly Site[], ways: Ways): boolean {
  return evict(board, site, [...site.members], receivers, ways);
}

/** The same for some of its copies. */
export function evict(
  board: Board,
  site: Site,
  leaving: readonly number[],
  receivers: readonly Site[],
  ways: Ways,
): boolean {
  const mark = board.log.length;
  const end = board.work + ways.work;
  const size = new Map(leaving.map((i) => [i, sizeOf(board, i, site)]));
  const items = [...leaving].sort((a, b) => (size.get(b) as number) - (size.get(a) as number) || a - b);
  const others = receivers.filter((other) => other !== site && other.open);
  const roomy = withSomeRoom(board, items, others);
  for (const i of items) {
    if (put(board, i, site, roomy, others, ways, end)) continue;
    board.undoTo(mark);
    return false;
  }
  return true;
}

/** Largest part of a pod that the copy takes in any dimension. */
export function sizeOf(board: Board, i: number, site: Site): number {
  const need = board.need(i, site.of, site.pool);
  let size = 0;
  for (let d = 0; d < width; d++)
    if ((site.capacity[d] as number) > 0) size = Math.max(size, (need[d] as number) / (site.capacity[d] as number));
  return size;
}

/** Receivers that could hold the smallest of the items: full ones leave the scan. */
function withSomeRoom(board: Board, items: readonly number[], receivers: readonly Site[]): Site[] {
  const least = new Map<Site['pool'], number[]>();
  const smallest = (site: Site): number[] => {
    let vector = least.get(site.pool);
    if (vector === undefined) {
      vector = new Array<number>(width).fill(Number.POSITIVE_INFINITY);
      for (const i of items) {
        // At more copies the load of each is less: sizes alone rule a receiver out.
        const need = board.need(i, site.of, site.pool);
        for (const d of [0, 2, 4, 5]) vector[d] = Math.min(vector[d] as number, need[d] as number);
      }
      vector[1] = 0;
      vector[3] = 0;
      least.set(site.pool, vector);
    }
    return vector;
  };
  return receivers.filter((site) => smallest(site).every((need, d) => need <= (site.free[d] as number)));
}

function put(
  board: Board,
  i: number,
  from: Site,
  roomy: readonly Site[],
  receivers: readonly Site[],
  ways: Ways,
  end: number,
): boolean {
  if (board.work > end) return false;
  if (board.allows(i, from, null)) {
    board.transfer(i, from, null);
    return true;
  }
  const to = best(board, i, from, roomy, ways.fit);
  if (to !== null) {
    board.transfer(i, from, to);
    return true;
  }
  return ways.depth > 0 && push(board, i, from, receivers, ways, end);
}

/** The receiver to take the copy; those that give it a set of shards which others have, too, come first. */
export function best(board: Board, i: number, from: Site, receivers: readonly Site[], fit: Fit): Site | null {
  let chosen: Site | null = null;
  let least = Number.POSITIVE_INFINITY;
  const full = board.replicaSets >= board.mostSets;
  const spread = full || (board.held[i] as readonly Site[]).length > 1;
  for (const site of receivers) {
    if (!board.allows(i, from, site)) continue;
    // A copy that comes home moves nothing.
    let score = roomOver(board, i, site, fit) - (board.isHome(i, site) ? 200 : 0);
    if (spread && !board.knowsSet(i, from, site)) score += full ? Number.POSITIVE_INFINITY : 100;
    if (score < least) {
      least = score;
      chosen = site;
    }
  }
  return chosen;
}

function roomOver(board: Board, i: number, site: Site, fit: Fit): number {
  const need = board.need(i, site.of, site.pool);
  let score = 0;
  for (let d = 0; d < width - 1; d++) {
    const capacity = site.capacity[d] as number;
    if (capacity <= 0) continue;
    const free = (site.free[d] as number) / capacity;
    score += fit === 'tight' ? free : (free - (need[d] as number) / capacity) ** 2;
  }
  return score;
}

function relieves(need: readonly number[], relief: readonly number[], free: readonly number[]): boolean {
  for (let d = 0; d < width; d++) if ((need[d] as number) > (free[d] as number) + (relief[d] as number)) return false;
  return true;
}

/** Makes room by pushing one smaller copy on, which may push another. */
function push(board: Board, i: number, from: Site, receivers: readonly Site[], ways: Ways, end: number): boolean {
  const options: { readonly site: Site; readonly out: number; readonly moves: number; readonly size: number }[] = [];
  const size = sizeOf(board, i, from);
  const model = board.model(i);
  for (const site of receivers) {
    if (site.members.has(i) || site.replicas !== from.replicas) continue;
    const need = board.need(i, site.of, site.pool);
    const may = site.of.hasConflicts || site.welcomes(model);
    for (const out of site.members) {
      board.work++;
      if (!may || !relieves(need, board.need(out, site.of, site.pool), site.free)) continue;
      const own = sizeOf(board, out, site);
      if (own < size) options.push({ site, out, moves: board.isHome(out, site) ? 1 : 0, size: own });
    }
    if (board.work > end) return false;
  }
  options.sort((a, b) => a.moves - b.moves || a.size - b.size || a.site.index - b.site.index || a.out - b.out);
  const others = { ...ways, depth: ways.depth - 1 };
  for (const { site, out } of options.slice(0, 24)) {
    if (board.work > end) return false;
    const mark = board.log.length;
    const rest = receivers.filter((other) => other !== site);
    const to = best(board, out, site, rest, ways.fit);
    if (to !== null) board.transfer(out, site, to);
    else if (others.depth === 0 || !push(board, out, site, rest, others, end)) continue;
    if (board.allows(i, from, site)) {
      board.transfer(i, from, site);
      return true;
    }
    board.undoTo(mark);
  }
  return false;
}
