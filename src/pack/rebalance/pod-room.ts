import { podShare } from '../../declare/capacity';
import type { Fleet, Limit, Pool } from '../../declare/fleet';
import { tally } from './site';

/** Pods by pool and owner, against what the fleet limits hard. Mutable: lives for one search. */
export class PodRoom {
  private readonly pods = new Map<string, Map<string, number>>();

  constructor(private readonly fleet: Fleet) {}

  add(pool: Pool, owner: string, count: number): void {
    let owners = this.pods.get(pool.name);
    if (owners === undefined) {
      owners = new Map();
      this.pods.set(pool.name, owners);
    }
    tally(owners, owner, count);
  }

  /** Does the pool have nodes for so many more? */
  hasNodes(pool: Pool, owner: string, count: number): boolean {
    if (pool.maxNodes === null) return true;
    this.add(pool, owner, count);
    let nodes = 0;
    for (const pods of this.pods.get(pool.name)?.values() ?? []) nodes += Math.ceil(pods / pool.podsPerNode);
    this.add(pool, owner, -count);
    return nodes <= pool.maxNodes;
  }

  /** Could `count` more pods be on `pool`, once `leaving` have gone? Of limits that are broken already, none gets worse. */
  allows(
    pool: Pool,
    owner: string,
    count: number,
    leaving: readonly { readonly pool: Pool; readonly owner: string; readonly count: number }[] = [],
  ): boolean {
    const before = this.figures();
    for (const pods of leaving) this.add(pods.pool, pods.owner, -pods.count);
    this.add(pool, owner, count);
    const after = this.figures();
    this.add(pool, owner, -count);
    for (const pods of leaving) this.add(pods.pool, pods.owner, pods.count);
    return after.every(({ used, limit }, at) => used <= Math.max(limit, before[at]?.used ?? 0));
  }

  private figures(): { readonly used: number; readonly limit: number }[] {
    const { budgets, pools, mesh } = this.fleet;
    const figures: { used: number; limit: number }[] = [];
    const gpus = new Map<string, number>();
    let pods = mesh.routerReplicas;
    let nodes = 0;
    let cost = 0;
    let cpu = mesh.routerReplicas * (mesh.routerCpuMillis + mesh.envoyCpuMillis);
    let memory = mesh.routerReplicas * (mesh.routerMemoryBytes + mesh.envoyMemoryBytes);
    for (const pool of pools) {
      let own = 0;
      let ownNodes = 0;
      for (const count of this.pods.get(pool.name)?.values() ?? []) {
        own += count;
        ownNodes += Math.ceil(count / pool.podsPerNode);
      }
      ownNodes = Math.max(ownNodes, pool.minNodes);
      if (pool.maxNodes !== null) figures.push({ used: ownNodes, limit: pool.maxNodes });
      if (pool.accelerator !== null) tally(gpus, pool.accelerator.kind, own);
      const share = podShare(pool);
      pods += own;
      nodes += ownNodes;
      cost += ownNodes * pool.nodePriceMicrosPerHour;
      cpu += own * share.cpuMillis;
      memory += own * share.memoryBytes;
    }
    const hold = (used: number, limit: Limit | null | undefined) => {
      if (limit?.enforcement === 'hard') figures.push({ used, limit: limit.limit });
    };
    hold(pods, budgets.pods);
    hold(pods, budgets.ips);
    hold(nodes, budgets.nodes);
    hold(cpu, budgets.cpuMillis);
    hold(memory, budgets.memoryBytes);
    hold(cost, budgets.costMicrosPerHour);
    for (const [kind, limit] of Object.entries(budgets.gpus)) hold(gpus.get(kind) ?? 0, limit);
    return figures;
  }
}
