import { type Dimension, dimensions } from '../declare/capacity';
import type { Fleet, Model, Tenant } from '../declare/fleet';
import type { Changes, Move, Plan, PlannedShard } from './plan';

/** A model's placement; `shards` are all that hold it, sorted by id, at least one. */
export interface Placed {
  readonly fleet: Fleet;
  readonly plan: Plan;
  readonly model: Model;
  readonly shards: readonly PlannedShard[];
  readonly copies: number;
  readonly tenant: Tenant | undefined;
}

/** Why a model is where it is: sentences, most telling first. */
export function placementReasons(placed: Placed): string[] {
  const { model } = placed;
  return [
    ...lockReasons(placed),
    classReason(placed),
    poolReason(placed),
    copiesReason(placed),
    model.neverWith.length > 0 ? `It shares no pod with models labelled ${model.neverWith.join(' or ')}.` : null,
    model.zones.length > 0 ? `Its copies must be in the zones ${model.zones.join(', ')}.` : null,
    fillReason(placed),
  ].filter((sentence) => sentence !== null);
}

function lockReasons({ plan: { changes }, model, shards }: Placed): string[] {
  if (changes.against === 'nothing') return ['There is no lockfile: everything was placed afresh.'];
  if (changes.added.includes(model.key)) return [newReason(changes, shards)];
  const moves = changes.moved.filter((move) => move.model === model.key);
  const copies = changes.copies.find((change) => change.model === model.key);
  if (moves.length === 0 && copies === undefined)
    return [`The lockfile has it in ${listed(shards.map(({ id }) => id))}, and it still fits there.`];
  const shardsOf = (count: number) => `${count} ${count === 1 ? 'shard' : 'shards'}`;
  return [
    ...moves.map((move) => moveReason(move, shards.length > 1)),
    ...(copies === undefined
      ? []
      : [`The lockfile has it in ${shardsOf(copies.before)}; it is in ${shardsOf(copies.after)} now.`]),
  ];
}

function newReason({ shardsAdded }: Changes, shards: readonly PlannedShard[]): string {
  const opened = shards.filter(({ id }) => shardsAdded.includes(id)).length;
  if (shards.length > 1)
    return opened === 0
      ? 'It is new, and fills room that these shards had.'
      : `It is new, and ${opened} of its ${shards.length} shards had to be added for want of room.`;
  return opened > 0
    ? 'It is new, and no shard that it may join had room: this one was added.'
    : 'It is new, and fills room that this shard had.';
}

function moveReason({ from, to, reason }: Move, several: boolean): string {
  const why = {
    repack: 'everything was packed anew',
    'no-longer-fits': 'that shard no longer holds it',
    'shard-gone': 'that shard is gone',
    'class-changed': 'it may no longer share with the models there',
    unlocked: 'it was let go by --update',
  }[reason];
  return several ? `A copy moves from ${from} to ${to}, as ${why}.` : `It moves from ${from}, as ${why}.`;
}

function classReason({ model, shards, tenant }: Placed): string {
  const base = model.base === null ? '' : ` on the base model ${model.base}`;
  const owner =
    tenant === undefined || tenant.isolation === 'shared'
      ? 'of tenants that may share'
      : `of the group ${shards[0]?.group} alone, which has ${tenant.isolation === 'node' ? 'nodes' : 'pods'} of its own`;
  return `It can share only with models ${owner} that run on ${model.runtime}${base} and allow the same pools and zones.`;
}

function poolReason({ fleet, model, shards }: Placed): string {
  const used = [...new Set(shards.map(({ pool }) => pool))].sort();
  const allowed = fleet.pools
    .filter((pool) => model.pools.includes(pool.name))
    .sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour || (a.name < b.name ? -1 : 1))
    .map((pool) => `${pool.name} ($${(pool.podPriceMicrosPerHour / 1e6).toFixed(3)} a pod and hour)`);
  if (allowed.length === 1) return `The pool ${used.join(', ')} is the only one it may use.`;
  const where = shards.length === 1 ? 'its shard is' : 'its shards are';
  return `It may use the pools ${allowed.join(', ')}; ${where} on ${used.join(', ')}.`;
}

function copiesReason({ model, copies, shards }: Placed): string | null {
  const asked = `${model.replicas} ${model.replicas === 1 ? 'copy' : 'copies'}`;
  const cause = shards.some(({ replicas }) => replicas > 1)
    ? 'load, or another model here, needs as many'
    : 'its load needs as many, or the lockfile has them';
  return copies > model.replicas ? `It asks for ${asked} and gets ${copies}: ${cause}.` : null;
}

/** Of what a pod is fullest: the room that decides who else can join. */
function fillReason({ shards }: Placed): string | null {
  const words: Readonly<Record<Dimension, string>> = {
    acceleratorMemoryBytes: 'accelerator memory',
    microDuty: 'accelerator time',
    memoryBytes: 'memory',
    cpuMillis: 'CPU',
    diskBytes: 'disk',
    models: 'number of models',
  };
  let fullest: { readonly id: string; readonly dimension: Dimension } | null = null;
  let most = 0;
  for (const { id, used, capacity } of shards) {
    for (const dimension of dimensions) {
      const fill = capacity[dimension] > 0 ? used[dimension] / capacity[dimension] : 0;
      if (fill > most) {
        fullest = { id, dimension };
        most = fill;
      }
    }
  }
  if (fullest === null) return null;
  const fill = `fullest in ${words[fullest.dimension]}: ${(most * 100).toFixed(1)}%.`;
  return shards.length === 1 ? `The shard is ${fill}` : `Of its shards ${fullest.id} is ${fill}`;
}

/** All names where they are few. */
function listed(ids: readonly string[]): string {
  return ids.length <= 5 ? ids.join(', ') : `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more shards`;
}
