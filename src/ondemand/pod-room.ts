import { modelDemand } from '../declare/capacity';
import type { Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';
import type { LruRoom } from './lru';
import { hashOf } from './random';
import { isOnDemand } from './rates';

/** A shard as a plan has it. */
export interface PlacedShard {
  readonly id: string;
  readonly pool: string;
  readonly runtime: string;
  readonly replicas: number;
  /** Model keys. */
  readonly models: readonly string[];
  /** Of one pod. */
  readonly capacity: LruRoom;
}

/** One pod that holds on-demand models. */
export interface OnDemandPod {
  readonly shard: string;
  readonly pool: Pool;
  readonly runtime: ServingRuntime;
  /** What is left beside the residents. */
  readonly left: LruRoom;
  /** All its on-demand models: any may be asked for here. */
  readonly listed: readonly Model[];
  /** Those whose requests come here, as long as all pods are well. */
  readonly home: readonly Model[];
}

/**
 * The pods that hold on-demand models, with what each has for them. Requests for a model go to one of its pods, chosen
 * by hash, as the router does it.
 */
export function onDemandPods(fleet: Fleet, shards: readonly PlacedShard[]): OnDemandPod[] {
  const models = new Map(fleet.models.map((model) => [model.key, model]));
  const pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
  const runtimes = new Map(fleet.runtimes.map((runtime) => [runtime.name, runtime]));
  const copies = new Map<string, number>();
  for (const shard of shards) for (const key of shard.models) copies.set(key, (copies.get(key) ?? 0) + shard.replicas);
  const seen = new Map<string, number>();
  const pods: OnDemandPod[] = [];
  for (const { id, replicas, capacity, models: keys, ...shard } of shards) {
    const pool = pools.get(shard.pool);
    const runtime = runtimes.get(shard.runtime);
    if (pool === undefined || runtime === undefined) continue;
    const members = keys.flatMap((key) => models.get(key) ?? []);
    const listed = members.filter(isOnDemand);
    if (listed.length === 0) continue;
    const left = { acceleratorMemoryBytes: capacity.acceleratorMemoryBytes, memoryBytes: capacity.memoryBytes };
    for (const model of members) {
      if (isOnDemand(model)) continue;
      const demand = modelDemand(model, pool, runtime, copies.get(model.key) ?? replicas);
      left.acceleratorMemoryBytes -= demand.acceleratorMemoryBytes;
      left.memoryBytes -= demand.memoryBytes;
    }
    const home = Array.from({ length: replicas }, (): Model[] => []);
    for (const model of listed) {
      const first = seen.get(model.key) ?? 0;
      seen.set(model.key, first + replicas);
      const at = (hashOf(model.key) % (copies.get(model.key) ?? 1)) - first;
      if (at >= 0 && at < replicas) home[at]?.push(model);
    }
    for (const own of home) pods.push({ shard: id, pool, runtime, left, listed, home: own });
  }
  return pods;
}
