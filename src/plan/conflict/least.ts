import type { Fleet } from '../../declare/fleet';
import type { BoundCertificate } from '../../pack/packing';
import { sharingClasses } from '../../pack/sharing';
import type { BudgetName } from '../plan';
import { podUse, routersUse } from './pod-use';
import { leastOf } from './weighed';

/** What any plan of the fleet uses of a budget at least, by the bound on its pods; null: nothing is proven. */
export function provenLeast(fleet: Fleet, bound: BoundCertificate, budget: BudgetName): number | null {
  if (budget === 'replicaSets') return new Set(bound.classes.map((entry) => entry.class)).size;
  if (budget === 'nodes') return Math.max(minNodes(fleet), wholeNodes(fleet, bound, null));
  if (budget.startsWith('pool.')) {
    const name = budget.slice('pool.'.length, -'.nodes'.length);
    return Math.max(wholeNodes(fleet, bound, name), fleet.pools.find((pool) => pool.name === name)?.minNodes ?? 0);
  }
  if (fleet.pools.some((pool) => podUse(budget, pool) === null)) return null;
  if (budget === 'costPerHour') return leastCost(fleet, bound);
  return routersUse(fleet, budget) + leastOf(fleet, bound, (pool) => podUse(budget, pool)?.amount ?? 0);
}

function minNodes(fleet: Fleet): number {
  return fleet.pools.reduce((sum, pool) => sum + pool.minNodes, 0);
}

/** Each group with nodes of its own, and all others together, need whole nodes; of `pool`, or of any. */
function wholeNodes(fleet: Fleet, bound: BoundCertificate, pool: string | null): number {
  const perNode = new Map(fleet.pools.map(({ name, podsPerNode }) => [name, podsPerNode]));
  const classes = new Map(sharingClasses(fleet).map((sharing) => [sharing.key, sharing]));
  const owners = new Map<string, { pods: number; most: number }>();
  for (const { class: key, pods } of bound.classes) {
    const sharing = classes.get(key);
    if (sharing === undefined || (pool !== null && sharing.pools.some((name) => name !== pool))) continue;
    const name = sharing.nodeIsolated ? sharing.group : '';
    const owner = owners.get(name) ?? { pods: 0, most: 1 };
    owner.pods += pods;
    owner.most = Math.max(owner.most, ...sharing.pools.map((own) => perNode.get(own) ?? 1));
    owners.set(name, owner);
  }
  return [...owners.values()].reduce((sum, { pods, most }) => sum + Math.ceil(pods / most), 0);
}

/** The bound is of pods' prices, which are nodes' prices over pods rounded: less by at most that. */
function leastCost(fleet: Fleet, bound: BoundCertificate): number {
  const cost = BigInt(bound.podCostMicrosPerHour);
  let least = cost;
  for (const { nodePriceMicrosPerHour, podsPerNode, podPriceMicrosPerHour } of fleet.pools) {
    if (podPriceMicrosPerHour === 0) continue;
    const own = (cost * BigInt(nodePriceMicrosPerHour)) / (BigInt(podsPerNode) * BigInt(podPriceMicrosPerHour));
    if (own < least) least = own;
  }
  return Number(least);
}
