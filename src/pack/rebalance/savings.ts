import type { Pool } from '../../declare/fleet';
import { newShardId } from '../shard-id';
import type { Board, Entry } from './board';
import { drain, evict, sizeOf, type Ways } from './drain';
import type { Site, SiteClass } from './site';
import type { RebalanceKind } from './step';

/** A saving that is on the board, and what it changed. */
export interface Saving {
  readonly kind: RebalanceKind;
  readonly shards: readonly string[];
  readonly opened: Site | null;
  readonly moves: number;
  readonly moveBytes: number;
  readonly pods: number;
  readonly cost: number;
  readonly entries: readonly Entry[];
}

/** Runs `change` and tells what it did; null where it came to nothing, and then the board is as before. */
function attempt(
  board: Board,
  kind: RebalanceKind,
  change: () => { readonly shards: readonly Site[]; readonly opened?: Site } | null,
): Saving | null {
  const mark = board.log.length;
  const { point } = board;
  const done = change();
  if (done === null || board.cost >= point.podCostMicrosPerHour) {
    board.undoTo(mark);
    return null;
  }
  return {
    kind,
    shards: done.shards.map((site) => site.id),
    opened: done.opened ?? null,
    moves: board.moves - point.moves,
    moveBytes: board.moveBytes - point.moveBytes,
    pods: board.pods - point.pods,
    cost: board.cost - point.podCostMicrosPerHour,
    entries: board.log.slice(mark),
  };
}

/** Ends the shard: all its copies go into the room of others. */
export function drainInto(board: Board, site: Site, receivers: readonly Site[], ways: Ways): Saving | null {
  return attempt(board, 'drain', () => {
    if (!drain(board, site, receivers, ways)) return null;
    board.close(site);
    return { shards: [site] };
  });
}

/** One pod less: models that need as many go elsewhere, the others' load is borne by the pods that stay. */
export function shrink(board: Board, site: Site, receivers: readonly Site[], ways: Ways): Saving | null {
  if (site.replicas < 2) return null;
  return attempt(board, 'shrink', () => {
    const fewer = (i: number) => (board.copies[i] as number) - 1;
    const leaving = [...site.members].filter(
      (i) => fewer(i) < board.model(i).replicas || board.held[i]?.some((own) => !board.bears(own, i, fewer(i))),
    );
    if (leaving.length === site.members.size) return null;
    if (leaving.length > 0 && !evict(board, site, leaving, receivers, ways)) return null;
    board.resize(site, site.replicas - 1);
    const fits = [...site.members].every((i) => board.held[i]?.every((own) => own.free.every((room) => room >= 0)));
    return fits ? { shards: [site] } : null;
  });
}

/** The shard's models go to a new one of a cheaper pool, what does not fit there into the room of others. */
export function cheapen(board: Board, site: Site, pool: Pool, receivers: readonly Site[], ways: Ways): Saving | null {
  const leaving = [{ pool: site.pool, owner: site.of.owner, count: site.replicas }];
  if (!board.room.allows(pool, site.of.owner, site.replicas, leaving)) return null;
  return attempt(board, 'cheaper-pool', () => {
    const opened = board.open(freshId(board, site), pool, site.of, site.replicas);
    fill(board, site, opened);
    if (!drain(board, site, [...receivers, opened], ways)) return null;
    board.close(site);
    return { shards: [site], opened };
  });
}

/** Ends as many of `sites` (in their order) as one new shard of `pool` and the room of others hold. */
export function merge(
  board: Board,
  sites: readonly Site[],
  pool: Pool,
  of: SiteClass,
  receivers: readonly Site[],
  ways: Ways,
): Saving | null {
  const [first] = sites;
  if (first === undefined || !board.room.allows(pool, of.owner, first.replicas)) return null;
  return attempt(board, 'merge', () => {
    const opened = board.open(freshId(board, first), pool, of, first.replicas);
    const ended: Site[] = [];
    for (const site of sites) {
      if (site.replicas !== opened.replicas) continue;
      const rest = receivers.filter((other) => other !== site && other.open);
      if (!drain(board, site, [opened, ...rest], { ...ways, depth: 0 })) {
        if (ended.length > 0) break;
        continue;
      }
      board.close(site);
      ended.push(site);
    }
    return ended.length < 2 ? null : { shards: ended, opened };
  });
}

/** The largest first, as much as the new shard takes. */
function fill(board: Board, from: Site, to: Site): void {
  const size = new Map([...from.members].map((i) => [i, sizeOf(board, i, from)]));
  const items = [...from.members].sort((a, b) => (size.get(b) as number) - (size.get(a) as number) || a - b);
  for (const i of items) if (board.allows(i, from, to)) board.transfer(i, from, to);
}

/** Of the shard's first model, and of no shard that is or was. */
function freshId(board: Board, site: Site): string {
  let first: string | null = null;
  for (const i of site.members) {
    const { key } = board.model(i);
    if (first === null || key < first) first = key;
  }
  return newShardId(first ?? site.id, board.takenIds());
}
