import type { Pool } from '../declare/fleet';
import type { CheckedShard, Placement } from './check-shards';
import type { Declared } from './declared';
import { ceilDiv, podPart } from './exact';

/** What the shards take, derived from the placement alone. BigInt: a hostile plan may state any number of replicas. */
export interface Usage {
  readonly pools: readonly PoolTaken[];
  readonly copies: bigint;
  /** Different sets of shards that some model has its copies in. */
  readonly replicaSets: number;
  readonly shardPods: bigint;
  readonly pods: bigint;
  readonly nodes: bigint;
  /** By accelerator kind. */
  readonly gpus: ReadonlyMap<string, bigint>;
  readonly cpuMillis: bigint;
  readonly memoryBytes: bigint;
  readonly overheadCpuMillis: bigint;
  readonly overheadMemoryBytes: bigint;
  readonly costMicrosPerHour: bigint;
  readonly podCostMicrosPerHour: bigint;
  readonly mostModels: number;
}

export interface PoolTaken {
  readonly pool: Pool;
  readonly shards: readonly CheckedShard[];
  readonly pods: bigint;
  readonly nodes: bigint;
  readonly cost: bigint;
}

export function usageOf(declared: Declared, { shards, homes }: Placement): Usage {
  const { mesh, pools } = declared.fleet;
  const byPool = new Map<Pool, CheckedShard[]>(pools.map((pool) => [pool, []]));
  for (const shard of shards) byPool.get(shard.pool)?.push(shard);
  const taken = [...byPool].map(([pool, own]) => takenOf(pool, own));
  const routers = BigInt(mesh.routerReplicas);
  const shardPods = sum(taken.map((one) => one.pods));
  const routerCpu = routers * (BigInt(mesh.routerCpuMillis) + BigInt(mesh.envoyCpuMillis));
  const routerMemory = routers * (BigInt(mesh.routerMemoryBytes) + BigInt(mesh.envoyMemoryBytes));
  const gpus = new Map<string, bigint>();
  for (const { pool, pods } of taken)
    if (pool.accelerator !== null && pods > 0n)
      gpus.set(pool.accelerator.kind, (gpus.get(pool.accelerator.kind) ?? 0n) + pods);
  return {
    pools: taken,
    copies: sum(shards.map((shard) => BigInt(shard.replicas) * BigInt(shard.models.length))),
    // Shards come in order: the same set is listed the same way.
    replicaSets: new Set(homes.filter((ids) => ids.length > 0).map((ids) => ids.join(' '))).size,
    shardPods,
    pods: shardPods + routers,
    nodes: sum(taken.map((one) => one.nodes)),
    gpus,
    cpuMillis: routerCpu + sum(taken.map((one) => one.pods * BigInt(podPart(one.pool).cpuMillis))),
    memoryBytes: routerMemory + sum(taken.map((one) => one.pods * BigInt(podPart(one.pool).memoryBytes))),
    overheadCpuMillis: routerCpu + shardPods * BigInt(mesh.agentCpuMillis),
    overheadMemoryBytes: routerMemory + shardPods * BigInt(mesh.agentMemoryBytes),
    costMicrosPerHour: sum(taken.map((one) => one.cost)),
    podCostMicrosPerHour: sum(taken.map((one) => one.pods * BigInt(one.pool.podPriceMicrosPerHour))),
    mostModels: shards.reduce((most, shard) => Math.max(most, shard.models.length), 0),
  };
}

/** A group with nodes of its own fills them alone: its last node is not shared with others. */
function takenOf(pool: Pool, shards: readonly CheckedShard[]): PoolTaken {
  const byOwner = new Map<string, bigint>();
  for (const { sharing, replicas } of shards) {
    const owner = sharing.isolation === 'node' ? `node of ${sharing.group}` : '';
    byOwner.set(owner, (byOwner.get(owner) ?? 0n) + BigInt(replicas));
  }
  let nodes = 0n;
  for (const pods of byOwner.values()) nodes += ceilDiv(pods, BigInt(pool.podsPerNode));
  if (nodes < BigInt(pool.minNodes)) nodes = BigInt(pool.minNodes);
  return { pool, shards, pods: sum([...byOwner.values()]), nodes, cost: nodes * BigInt(pool.nodePriceMicrosPerHour) };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
