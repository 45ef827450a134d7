import { type CapacityVector, dimensions, podCapacity, podShare } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { podDemand } from '../ondemand/demand';
import { keepTimesByModel } from '../ondemand/keep-time';
import { isOnDemand } from '../ondemand/rates';
import { copiesByModel } from '../pack/copies';
import type { Packing, Shard } from '../pack/packing';
import { sharingClasses } from '../pack/sharing';
import type { PlannedShard, PlanSummary, PoolUsage } from './plan';
import { millionths } from './rounding';

/** The fleet by name, for look-ups while a plan is made. */
export interface FleetIndex {
  readonly fleet: Fleet;
  readonly models: ReadonlyMap<string, Model>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly runtimes: ReadonlyMap<string, ServingRuntime>;
}

export function indexFleet(fleet: Fleet): FleetIndex {
  return {
    fleet,
    models: new Map(fleet.models.map((model) => [model.key, model])),
    pools: new Map(fleet.pools.map((pool) => [pool.name, pool])),
    runtimes: new Map(fleet.runtimes.map((runtime) => [runtime.name, runtime])),
  };
}

/** The entry of that name. @throws StowageError STW2101 where the fleet declares none */
export function declared<T>(map: ReadonlyMap<string, T>, word: string, name: string): T {
  const found = map.get(name);
  if (found !== undefined) return found;
  throw new StowageError([diagnostic('STW2101', `the fleet declares no ${word} "${name}", which the placement names`)]);
}

/** Each shard with what one of its pods has and what its models take. */
export function plannedShards(index: FleetIndex, packing: Packing): PlannedShard[] {
  const capacities = new Map<string, CapacityVector>();
  const copies = copiesByModel(packing.shards);
  const keep = index.fleet.models.some(isOnDemand)
    ? keepTimesByModel(index.fleet, sharingClasses(index.fleet))
    : new Map<string, number>();
  return packing.shards.map((shard) => {
    const pool = declared(index.pools, 'pool', shard.pool);
    const runtime = declared(index.runtimes, 'runtime', shard.runtime);
    const capacityKey = `${shard.pool} ${shard.runtime} ${shard.base ?? ''}`;
    const capacity = capacities.get(capacityKey) ?? capacityOf(index.fleet, pool, runtime, shard.base);
    capacities.set(capacityKey, capacity);
    const members = shard.models.map((key) => declared(index.models, 'model', key));
    const used = podDemand(members, pool, runtime, (model) => copies.get(model.key) ?? shard.replicas, {
      // Models of a shard are of one class.
      seconds: keep.get(shard.models.find((key) => keep.has(key)) ?? '') ?? 0,
      options: index.fleet.packing.onDemand,
    });
    const sizes = { acceleratorMemoryBytes: [] as number[], memoryBytes: [] as number[], diskBytes: [] as number[] };
    for (const model of members) {
      sizes.acceleratorMemoryBytes.push(model.footprint.acceleratorMemoryBytes);
      sizes.memoryBytes.push(model.footprint.memoryBytes);
      sizes.diskBytes.push(model.footprint.diskBytes);
    }
    const { id, base, group, nodeIsolated, zones, replicas, models } = shard;
    // Spelled out for the order of the plan's JSON.
    return {
      id,
      pool: pool.name,
      runtime: runtime.name,
      base,
      group,
      nodeIsolated,
      zones,
      replicas,
      used,
      capacity,
      models,
      sizes,
    };
  });
}

function capacityOf(fleet: Fleet, pool: Pool, runtime: ServingRuntime, base: string | null): CapacityVector {
  const context = {
    packing: fleet.packing,
    mesh: fleet.mesh,
    modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null,
  };
  return podCapacity(context, pool, runtime, runtime.baseModels.find((model) => model.name === base) ?? null);
}

/** Every pool of the fleet, used or not, as its least nodes are paid for. */
export function poolUsages(fleet: Fleet, shards: readonly PlannedShard[]): PoolUsage[] {
  const byPool = new Map<string, PlannedShard[]>(fleet.pools.map((pool) => [pool.name, []]));
  for (const shard of shards) byPool.get(shard.pool)?.push(shard);
  return fleet.pools.map((pool) => {
    const own = byPool.get(pool.name) ?? [];
    const nodes = nodesFor(pool, own);
    return {
      pool: pool.name,
      accelerator: pool.accelerator?.kind ?? null,
      shards: own.length,
      pods: own.reduce((sum, shard) => sum + shard.replicas, 0),
      nodes,
      maxNodes: pool.maxNodes,
      costMicrosPerHour: nodes * pool.nodePriceMicrosPerHour,
      fillMicro: meanFill(own),
    };
  });
}

/** Node-isolated groups have nodes of their own, so that each owner's pods are rounded up to nodes apart. */
function nodesFor(pool: Pool, shards: readonly Shard[]): number {
  const pods = new Map<string, number>();
  for (const shard of shards) {
    const owner = shard.nodeIsolated ? shard.group : '';
    pods.set(owner, (pods.get(owner) ?? 0) + shard.replicas);
  }
  let nodes = 0;
  for (const count of pods.values()) nodes += Math.ceil(count / pool.podsPerNode);
  return Math.max(nodes, pool.minNodes);
}

/** Each shard's fill rounded to millionths, then the mean over pods, rounded: integers, so that it is the same anywhere. */
function meanFill(shards: readonly PlannedShard[]): CapacityVector {
  const total = emptyVector();
  let pods = 0;
  for (const shard of shards) {
    pods += shard.replicas;
    for (const dimension of dimensions)
      total[dimension] += shard.replicas * millionths(shard.used[dimension], shard.capacity[dimension]);
  }
  for (const dimension of dimensions) total[dimension] = pods === 0 ? 0 : Math.round(total[dimension] / pods);
  return total;
}

export function summarise(
  index: FleetIndex,
  shards: readonly PlannedShard[],
  pools: readonly PoolUsage[],
  replicaSets: number,
): PlanSummary {
  const { fleet } = index;
  const { mesh } = fleet;
  const routerPods = mesh.routerReplicas;
  let copies = 0;
  let shardPods = 0;
  let cpuMillis = routerPods * (mesh.routerCpuMillis + mesh.envoyCpuMillis);
  let memoryBytes = routerPods * (mesh.routerMemoryBytes + mesh.envoyMemoryBytes);
  let podCostMicrosPerHour = 0;
  const routerCpuMillis = cpuMillis;
  const routerMemoryBytes = memoryBytes;
  const gpus = new Map<string, number>();
  for (const shard of shards) {
    const pool = declared(index.pools, 'pool', shard.pool);
    const share = podShare(pool);
    copies += shard.models.length * shard.replicas;
    shardPods += shard.replicas;
    cpuMillis += shard.replicas * share.cpuMillis;
    memoryBytes += shard.replicas * share.memoryBytes;
    podCostMicrosPerHour += shard.replicas * pool.podPriceMicrosPerHour;
    if (pool.accelerator !== null)
      gpus.set(pool.accelerator.kind, (gpus.get(pool.accelerator.kind) ?? 0) + shard.replicas);
  }
  return {
    models: fleet.models.length,
    tenants: new Set(fleet.models.map((model) => model.tenant)).size,
    copies,
    shards: shards.length,
    replicaSets,
    shardPods,
    routerPods,
    pods: shardPods + routerPods,
    ips: shardPods + routerPods,
    nodes: pools.reduce((sum, pool) => sum + pool.nodes, 0),
    gpus: sortedRecord(gpus),
    cpuMillis,
    memoryBytes,
    overheadCpuMillis: routerCpuMillis + shardPods * mesh.agentCpuMillis,
    overheadMemoryBytes: routerMemoryBytes + shardPods * mesh.agentMemoryBytes,
    costMicrosPerHour: pools.reduce((sum, pool) => sum + pool.costMicrosPerHour, 0),
    podCostMicrosPerHour,
  };
}

export function sortedRecord(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => byCodePoint(a, b)));
}

function emptyVector(): { -readonly [D in keyof CapacityVector]: number } {
  return { acceleratorMemoryBytes: 0, microDuty: 0, memoryBytes: 0, cpuMillis: 0, diskBytes: 0, models: 0 };
}
