import type { Fleet, Pool } from '../declare/fleet';

/** Counts pods by pool as shards open, against maxNodes and hard GPU budgets. Mutable: lives for one packing. */
export class PoolLimits {
  private readonly pods = new Map<string, Map<string, number>>();
  private readonly gpus = new Map<string, number>();

  constructor(private readonly fleet: Fleet) {}

  /** Room for `count` more pods of `owner` (a node-isolated group, or '' for all others) on `pool`? */
  allows(pool: Pool, owner: string, count: number): boolean {
    if (pool.accelerator !== null) {
      const limit = this.fleet.budgets.gpus[pool.accelerator.kind];
      if (limit?.enforcement === 'hard' && (this.gpus.get(pool.accelerator.kind) ?? 0) + count > limit.limit)
        return false;
    }
    if (pool.maxNodes === null) return true;
    if (count > pool.maxNodes) return false;
    let nodes = 0;
    const owners = this.pods.get(pool.name) ?? new Map<string, number>();
    for (const [name, pods] of owners) nodes += Math.ceil((name === owner ? pods + count : pods) / pool.podsPerNode);
    if (!owners.has(owner)) nodes += Math.ceil(count / pool.podsPerNode);
    return nodes <= pool.maxNodes;
  }

  add(pool: Pool, owner: string, count: number): void {
    const owners = this.pods.get(pool.name) ?? new Map<string, number>();
    owners.set(owner, (owners.get(owner) ?? 0) + count);
    this.pods.set(pool.name, owners);
    if (pool.accelerator !== null)
      this.gpus.set(pool.accelerator.kind, (this.gpus.get(pool.accelerator.kind) ?? 0) + count);
  }

  /** Takes `count` pods from one pool to another, if that has room once they have left; says whether it did. */
  moves(from: Pool, to: Pool, owner: string, count: number): boolean {
    this.add(from, owner, -count);
    const allowed = this.allows(to, owner, count);
    this.add(allowed ? to : from, owner, count);
    return allowed;
  }

  /** Nodes above maxNodes and accelerators above hard budgets: 0 where all is within them. */
  excess(): number {
    let excess = 0;
    for (const pool of this.fleet.pools) {
      if (pool.maxNodes === null) continue;
      let nodes = 0;
      for (const pods of this.pods.get(pool.name)?.values() ?? []) nodes += Math.ceil(pods / pool.podsPerNode);
      excess += Math.max(0, nodes - pool.maxNodes);
    }
    for (const [kind, limit] of Object.entries(this.fleet.budgets.gpus))
      if (limit.enforcement === 'hard') excess += Math.max(0, (this.gpus.get(kind) ?? 0) - limit.limit);
    return excess;
  }

  /** An independent copy, to try a packing with. */
  fork(): PoolLimits {
    const copy = new PoolLimits(this.fleet);
    for (const [pool, owners] of this.pods) copy.pods.set(pool, new Map(owners));
    for (const [kind, count] of this.gpus) copy.gpus.set(kind, count);
    return copy;
  }
}
