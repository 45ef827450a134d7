import { podShare } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { Fleet, Pool } from '../declare/fleet';
import { type Diagnostic, diagnostic } from '../errors/stowage-error';
import type { BudgetName, BudgetUsage, Plan, PlannedShard } from './plan';

type Placed = Pick<Plan, 'shards' | 'pools' | 'budgets'>;

/** What a pool leaves to rollouts of one-pod shards, whose new pod is ready before the old one goes. */
export interface RolloutRoom {
  readonly pool: string;
  /** The group whose own nodes these are; null: nodes of all others. */
  readonly group: string | null;
  /** Shards of one pod here. */
  readonly shards: number;
  /** Pods that can be there beside the plan's; null: no limit. */
  readonly sparePods: number | null;
  /** What limits them most; null where nothing does. */
  readonly limit: BudgetName | null;
}

/**
 * For each pool, and each group with nodes of its own there, that has one-pod shards: the free places on the plan's nodes,
 * and on as many more nodes as limits allow, within the hard budgets. Cost is left aside: it is for minutes.
 */
export function rolloutRoom(fleet: Fleet, plan: Placed): readonly RolloutRoom[] {
  const planned = new Map(plan.pools.map((usage) => [usage.pool, usage.nodes]));
  return fleet.pools.flatMap((pool) => {
    const owners = ownersOf(plan.shards.filter((shard) => shard.pool === pool.name));
    const limits = plan.budgets.filter((budget) => budget.enforcement === 'hard');
    const owned = [...owners.values()].reduce((sum, { pods }) => sum + nodesFor(pool, pods), 0);
    // Nodes that are kept, though nobody has pods there.
    const unused = Math.max(0, (planned.get(pool.name) ?? 0) - owned) * pool.podsPerNode;
    return [...owners]
      .filter(([, { onePod }]) => onePod > 0)
      .sort(([a], [b]) => byCodePoint(a ?? '', b ?? ''))
      .map(([group, { pods, onePod }]): RolloutRoom => {
        const free = nodesFor(pool, pods) * pool.podsPerNode - pods + unused;
        return { pool: pool.name, group, shards: onePod, ...least(pool, free, limits) };
      });
  });
}

/** One warning a pool where a rollout of one-pod shards would wait for room. */
export function rolloutWarnings(fleet: Fleet, plan: Placed): Diagnostic[] {
  const byPool = new Map<string, RolloutRoom[]>();
  for (const room of rolloutRoom(fleet, plan)) {
    if (room.sparePods === 0) byPool.set(room.pool, [...(byPool.get(room.pool) ?? []), room]);
  }
  return [...byPool].map(([pool, rooms]) => {
    const shards = rooms.reduce((sum, room) => sum + room.shards, 0);
    const groups = rooms.flatMap(({ group }) => (group === null ? [] : [group]));
    const whose = groups.length < rooms.length ? '' : ` for ${some(groups)}`;
    const limits = [...new Set(rooms.flatMap(({ limit }) => (limit === null ? [] : [limit])))].sort(byCodePoint);
    return diagnostic(
      'STW3004',
      `pool "${pool}" is full${whose} (${some(limits)}): a rollout of ${shards === 1 ? 'its one-pod shard' : `its ${shards} one-pod shards`} waits for room`,
      { severity: 'warning' },
    );
  });
}

interface Owner {
  pods: number;
  onePod: number;
}

function ownersOf(shards: readonly PlannedShard[]): ReadonlyMap<string | null, Owner> {
  const owners = new Map<string | null, Owner>();
  for (const shard of shards) {
    const key = shard.nodeIsolated ? shard.group : null;
    const owner = owners.get(key) ?? { pods: 0, onePod: 0 };
    owner.pods += shard.replicas;
    if (shard.replicas === 1) owner.onePod += 1;
    owners.set(key, owner);
  }
  return owners;
}

function nodesFor(pool: Pool, pods: number): number {
  return Math.ceil(pods / pool.podsPerNode);
}

/** `free` places are there; more come with nodes; no budget may be broken. */
function least(
  pool: Pool,
  free: number,
  limits: readonly BudgetUsage[],
): { readonly sparePods: number | null; readonly limit: BudgetName | null } {
  const share = podShare(pool);
  const room = (budget: BudgetName, podsWithin: (headroom: number) => number) => {
    const headroom = limits.find((limit) => limit.budget === budget)?.headroom;
    return { limit: budget, pods: headroom === undefined ? null : podsWithin(Math.max(0, headroom)) };
  };
  const places = (nodes: number) => free + nodes * pool.podsPerNode;
  const each = (headroom: number) => headroom;
  const rooms = [
    room(`pool.${pool.name}.nodes`, places),
    room('nodes', places),
    room('pods', each),
    room('ips', each),
    ...(pool.accelerator === null ? [] : [room(`gpus.${pool.accelerator.kind}`, each)]),
    room('cpu', (headroom) => Math.floor(headroom / Math.max(1, share.cpuMillis))),
    room('memory', (headroom) => Math.floor(headroom / Math.max(1, share.memoryBytes))),
  ];
  let sparePods: number | null = null;
  let limit: BudgetName | null = null;
  for (const candidate of rooms) {
    if (candidate.pods === null || (sparePods !== null && candidate.pods >= sparePods)) continue;
    sparePods = candidate.pods;
    limit = candidate.limit;
  }
  return { sparePods, limit };
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`;
}
