import { byCodePoint } from '../declare/findings';
import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, dimensionCount } from './class-context';
import { OpenShard } from './open-shard';
import type { Eviction, LockedModel, LockedShard, MoveReason, PackRequest } from './packing';
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

interface Member {
  readonly model: Model;
  readonly context: ClassContext;
}

/** A locked shard that its models may stay in. */
interface Home {
  readonly id: string;
  readonly context: ClassContext;
  readonly pool: Pool;
  readonly replicas: number;
  readonly models: Model[];
}

/** Keeps each locked copy where it is, as long as its shard may and can hold it; a shard that overflows loses the fewest. */
export function keepLocked(request: PackRequest, contexts: readonly ClassContext[], limits: PoolLimits): Kept {
  const evicted: Eviction[] = [];
  const evict = (model: string, shard: string, reason: MoveReason) => void evicted.push({ model, shard, reason });
  const homes = homesOf(request, contexts, evict);
  const homesByModel = new Map<Model, Home[]>();
  for (const home of homes) {
    for (const model of home.models) {
      const own = homesByModel.get(model);
      if (own === undefined) homesByModel.set(model, [home]);
      else own.push(home);
    }
  }
  const rest = new Map<ClassContext, readonly Piece[]>();
  const inHome = new Map<Home, Piece[]>();
  for (const context of contexts) {
    const missing: Piece[] = [];
    for (const model of context.sharing.models) {
      const own = homesByModel.get(model) ?? [];
      const { copies, stay } = settled(context, model, own);
      if (stay.length === 0) {
        for (const home of own) evict(model.key, home.id, 'no-longer-fits');
        missing.push(...piecesOf(context, model));
        continue;
      }
      const piece: Piece = { model, copies };
      for (const home of own) {
        if (stay.includes(home)) inHome.set(home, [...(inHome.get(home) ?? []), piece]);
        else evict(model.key, home.id, 'no-longer-fits');
      }
      for (let k = stay.reduce((sum, home) => sum + home.replicas, 0); k < copies; k++) missing.push(piece);
    }
    rest.set(context, missing);
  }
  const shards = new Map<string, OpenShard[]>();
  for (const home of homes) {
    const { context, pool, replicas, id } = home;
    const shard = new OpenShard(context, id, pool, replicas);
    const out: Piece[] = [];
    for (const piece of inHome.get(home) ?? []) {
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

/** The locked shards that are still of use, in the order of ids; models that must leave theirs are told to `evict`. */
function homesOf(
  request: PackRequest,
  contexts: readonly ClassContext[],
  evict: (model: string, shard: string, reason: MoveReason) => void,
): Home[] {
  const { prior } = request;
  if (prior === undefined) return [];
  const declared = new Map<string, Member>();
  for (const context of contexts)
    for (const model of context.sharing.models) declared.set(model.key, { model, context });
  const known = new Map(prior.shards.map((shard) => [shard.id, shard]));
  const members = new Map<string, Member[]>();
  const note = (locked: LockedModel, member: Member): void => {
    for (const id of locked.shards) {
      if (request.unlocked?.has(locked.key)) evict(locked.key, id, 'unlocked');
      else if (!known.has(id)) evict(locked.key, id, 'shard-gone');
      else {
        const own = members.get(id);
        if (own === undefined) members.set(id, [member]);
        else own.push(member);
      }
    }
  };
  for (const locked of prior.models) {
    const member = declared.get(locked.key);
    if (member !== undefined) note(locked, member);
  }
  const homes: Home[] = [];
  for (const id of [...members.keys()].sort(byCodePoint)) {
    const locked = known.get(id) as LockedShard;
    const all = members.get(id) ?? [];
    const context = majority(all);
    const pool = context.pools.find((candidate) => candidate.name === locked.pool);
    const suits =
      locked.runtime === context.sharing.runtime &&
      locked.base === context.sharing.base &&
      locked.group === context.sharing.group;
    const stays = (member: Member) => suits && pool !== undefined && member.context === context;
    for (const member of all)
      if (!stays(member)) evict(member.model.key, id, pool === undefined ? 'shard-gone' : 'class-changed');
    if (!suits || pool === undefined) continue;
    const models = all.filter(stays).map((member) => member.model);
    models.sort((a, b) => byCodePoint(a.key, b.key));
    homes.push({ id, context, pool, replicas: replicasOf(context, locked, pool, models), models });
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
  const most = mostCopies(context, model, pools);
  // More copies than are of use: those in the last shards go.
  const stay: Home[] = [];
  let copies = 0;
  for (const home of homes) {
    if (copies >= most) break;
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

function majority(members: readonly Member[]): ClassContext {
  const counts = new Map<ClassContext, number>();
  for (const { context } of members) counts.set(context, (counts.get(context) ?? 0) + 1);
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || byCodePoint(a.sharing.key, b.sharing.key));
  if (first === undefined) throw new TypeError('a shard without models');
  return first[0];
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
