import { byCodePoint } from '../declare/findings';
import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, dimensionCount } from './class-context';
import { OpenShard } from './open-shard';
import type { Eviction, LockedShard, MoveReason, PackRequest } from './packing';
import { copiesNeeded, mostCopies, type Piece, piecesOf } from './pieces';
import type { PoolLimits } from './pool-limits';
import { replicasNeeded } from './replicas';

/** What of a lockfile stays as it is. */
export interface Kept {
  /** By class key. */
  readonly shards: ReadonlyMap<string, OpenShard[]>;
  /** What has no place yet, by class; in the order of keys. */
  readonly rest: ReadonlyMap<ClassContext, readonly Piece[]>;
  readonly evicted: readonly Eviction[];
}

/** The models of all classes, one after another: told apart by place, which is faster than by key. */
interface Members {
  readonly models: readonly Model[];
  readonly contexts: readonly ClassContext[];
}

/** A locked shard that its models may stay in. */
interface Home {
  readonly id: string;
  readonly context: ClassContext;
  readonly pool: Pool;
  readonly replicas: number;
  /** Places of its models, in the order of keys. */
  readonly members: readonly number[];
  /** What stays in it. */
  readonly pieces: Piece[];
}

const nowhere: readonly Home[] = [];

/** Keeps each locked copy where it is, as long as its shard may and can hold it; a shard that overflows loses the fewest. */
export function keepLocked(request: PackRequest, contexts: readonly ClassContext[], limits: PoolLimits): Kept {
  const evicted: Eviction[] = [];
  const evict = (model: string, shard: string, reason: MoveReason) => void evicted.push({ model, shard, reason });
  const all = membersOf(contexts);
  const homes = homesOf(request, all, evict);
  const homesAt: Home[][] = [];
  for (const home of homes) {
    for (const member of home.members) {
      const own = homesAt[member];
      if (own === undefined) homesAt[member] = [home];
      else own.push(home);
    }
  }
  const rest = new Map<ClassContext, readonly Piece[]>();
  let member = 0;
  for (const context of contexts) {
    const missing: Piece[] = [];
    for (const model of context.sharing.models) {
      const own = homesAt[member++] ?? nowhere;
      const { copies, stay } = settled(context, model, own);
      if (stay.length === 0) {
        for (const home of own) evict(model.key, home.id, 'no-longer-fits');
        missing.push(...piecesOf(context, model));
        continue;
      }
      const piece: Piece = { model, copies };
      let placed = 0;
      for (const home of own) {
        if (!stay.includes(home)) evict(model.key, home.id, 'no-longer-fits');
        else {
          home.pieces.push(piece);
          placed += home.replicas;
        }
      }
      for (let k = placed; k < copies; k++) missing.push(piece);
    }
    rest.set(context, missing);
  }
  const shards = new Map<string, OpenShard[]>();
  for (const home of homes) {
    const { context, pool, replicas, id } = home;
    const shard = new OpenShard(context, id, pool, replicas);
    const out: Piece[] = [];
    for (const piece of home.pieces) {
      if (shard.welcomes(piece.model)) shard.add(piece);
      else out.push(piece);
    }
    while (shard.overflows()) out.push(shard.remove(mostRelief(shard)));
    for (const { model } of out) evict(model.key, id, 'no-longer-fits');
    if (out.length > 0) rest.set(context, returned(context, rest.get(context) ?? [], out, replicas));
    if (shard.pieces.length === 0) continue;
    limits.add(pool, context.owner, replicas);
    const own = shards.get(context.sharing.key);
    if (own === undefined) shards.set(context.sharing.key, [shard]);
    else own.push(shard);
  }
  evicted.sort((a, b) => byCodePoint(a.model, b.model) || byCodePoint(a.shard, b.shard));
  return { shards, rest, evicted };
}

function membersOf(contexts: readonly ClassContext[]): Members {
  const models: Model[] = [];
  const own: ClassContext[] = [];
  for (const context of contexts) {
    for (const model of context.sharing.models) {
      models.push(model);
      own.push(context);
    }
  }
  return { models, contexts: own };
}

/** The locked shards that are still of use, in the order of ids; models that must leave theirs are told to `evict`. */
function homesOf(
  { prior, unlocked }: PackRequest,
  all: Members,
  evict: (model: string, shard: string, reason: MoveReason) => void,
): Home[] {
  if (prior === undefined) return [];
  const declared = new Map<string, number>();
  for (let member = 0; member < all.models.length; member++) declared.set((all.models[member] as Model).key, member);
  const known = new Map(prior.shards.map((shard) => [shard.id, { shard, members: [] as number[] }]));
  for (const locked of prior.models) {
    const member = declared.get(locked.key);
    if (member === undefined) continue;
    for (const id of locked.shards) {
      const home = known.get(id);
      if (unlocked?.has(locked.key)) evict(locked.key, id, 'unlocked');
      else if (home === undefined) evict(locked.key, id, 'shard-gone');
      else home.members.push(member);
    }
  }
  const homes: Home[] = [];
  const used = [...known.values()].filter(({ members }) => members.length > 0);
  used.sort((a, b) => byCodePoint(a.shard.id, b.shard.id));
  for (const { shard: locked, members } of used) {
    const { id } = locked;
    const context = majority(members, all);
    const pool = context.pools.find((candidate) => candidate.name === locked.pool);
    const suits =
      locked.runtime === context.sharing.runtime &&
      locked.base === context.sharing.base &&
      locked.group === context.sharing.group;
    const stays = (member: number) => suits && pool !== undefined && all.contexts[member] === context;
    for (const member of members) {
      if (stays(member)) continue;
      evict((all.models[member] as Model).key, id, pool === undefined ? 'shard-gone' : 'class-changed');
    }
    if (!suits || pool === undefined) continue;
    // Places of one class are in the order of keys.
    const own = members.filter(stays).sort((a, b) => a - b);
    const models = own.map((member) => all.models[member] as Model);
    homes.push({ id, context, pool, replicas: replicasOf(context, locked, pool, models), members: own, pieces: [] });
  }
  return homes;
}

/** All models of a shard need more copies: more replicas move nothing. */
function replicasOf(context: ClassContext, locked: LockedShard, pool: Pool, models: readonly Model[]): number {
  if (context.layout === 'copies') return locked.replicas;
  const fewest = models.reduce(
    (least, model) => Math.min(least, replicasNeeded(context, model, pool) || model.replicas),
    Number.POSITIVE_INFINITY,
  );
  return Math.max(locked.replicas, fewest);
}

/** How many copies the model has from now on, and which of its shards it stays in. */
function settled(
  context: ClassContext,
  model: Model,
  homes: readonly Home[],
): { readonly copies: number; readonly stay: readonly Home[] } {
  if (homes.length === 0) return { copies: 0, stay: [] };
  if (context.layout === 'equal') {
    const [only] = homes;
    const holds = homes.length === 1 && only !== undefined && only.replicas >= model.replicas;
    return { copies: 0, stay: holds ? homes : [] };
  }
  const pools = homes.map((home) => home.pool);
  // More copies than are of use: those in the last shards go.
  let most = 0;
  let copies = 0;
  const stay: Home[] = [];
  for (const home of homes) {
    if (copies >= model.replicas) {
      most ||= mostCopies(context, model, pools);
      if (copies >= most) break;
    }
    stay.push(home);
    copies += home.replicas;
  }
  return { copies: Math.max(copies, copiesNeeded(context, model, pools)), stay };
}

/** The models of a shard that cannot stay, among those that have no place. In a shard of several pods each had as many copies. */
function returned(
  context: ClassContext,
  rest: readonly Piece[],
  out: readonly Piece[],
  replicas: number,
): readonly Piece[] {
  const more = out.flatMap((piece) =>
    piece.copies === 0 ? piecesOf(context, piece.model) : Array.from({ length: replicas }, () => piece),
  );
  return [...rest, ...more].sort((a, b) => byCodePoint(a.model.key, b.model.key));
}

function majority(members: readonly number[], { contexts }: Members): ClassContext {
  const first = contexts[members[0] as number] as ClassContext;
  if (members.every((member) => contexts[member] === first)) return first;
  const counts = new Map<ClassContext, number>();
  for (const member of members) {
    const context = contexts[member] as ClassContext;
    counts.set(context, (counts.get(context) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || byCodePoint(a.sharing.key, b.sharing.key));
  return sorted[0]?.[0] ?? first;
}

/** The piece whose leaving ends the overflow with the least room wasted, or relieves it most. */
function mostRelief(shard: OpenShard): number {
  const capacity = shard.capacity;
  let best = 0;
  let bestRelief = -1;
  let bestSize = Number.POSITIVE_INFINITY;
  shard.pieces.forEach((piece, index) => {
    const demand = shard.demandOf(piece);
    let relief = 0;
    let size = 0;
    for (let d = 0; d < dimensionCount; d++) {
      const total = Math.max(1, capacity[d] as number);
      const over = Math.max(0, -(shard.free[d] as number));
      relief += Math.min(over, demand[d] as number) / total;
      size = Math.max(size, (demand[d] as number) / total);
    }
    if (relief > bestRelief || (relief === bestRelief && size < bestSize)) {
      best = index;
      bestRelief = relief;
      bestSize = size;
    }
  });
  return best;
}
