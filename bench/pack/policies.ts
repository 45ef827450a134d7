import { type CapacityVector, type Dimension, dimensions, modelDemand } from '../../src/declare/capacity';
import type { Fleet, Model, Pool } from '../../src/declare/fleet';
import { type ClassContext, classContext } from '../../src/pack/class-context';
import { sharingClasses } from '../../src/pack/sharing';

/**
 * Simplified policies of ours after well-known placers: each model in turn, one choice by one number, a new shard where
 * none has room. They are not those projects' code. As lenient as can be: shards of equal replicas as Stowage has them, a
 * model may sit in a shard of more copies, and each class takes the pool that is cheapest for it in the end.
 */
export interface Policy {
  readonly name: string;
  /** Order of the models; absent: by key. */
  readonly order?: (a: Model, b: Model) => number;
  /** The shard with the highest score takes the model; the first of equals. */
  readonly score: (shard: OpenShard, demand: CapacityVector) => number;
}

export interface OpenShard {
  readonly replicas: number;
  readonly capacity: readonly number[];
  readonly free: number[];
  /** Models here, a copy (`key#n`) by its model's key: two copies never meet. */
  readonly holds: Set<string>;
}

/** The model that a copy is of. */
export function originalOf(key: string): string {
  return key.replace(/#\d+$/, '');
}

const memory = (model: Model) => Math.max(model.footprint.acceleratorMemoryBytes, model.footprint.memoryBytes);

/** Mean of used / capacity over the dimensions that end. */
function fullness(shard: OpenShard, demand: CapacityVector): number {
  let sum = 0;
  for (let d = 0; d < dimensions.length - 1; d++) {
    const capacity = shard.capacity[d] as number;
    if (capacity > 0) sum += 1 - ((shard.free[d] as number) - demand[dimensions[d] as Dimension]) / capacity;
  }
  return sum;
}

function freeMemory(shard: OpenShard): number {
  return shard.free[shard.capacity[0] === 0 ? 2 : 0] as number;
}

export const policies: readonly Policy[] = [
  { name: 'first fit decreasing', order: (a, b) => memory(b) - memory(a), score: () => 0 },
  { name: 'first fit (Seldon-like)', score: () => 0 },
  { name: 'most allocated (Kubernetes-like)', score: fullness },
  { name: 'least allocated (Kubernetes-like)', score: (shard, demand) => -fullness(shard, demand) },
  { name: 'most free memory (ModelMesh-like)', score: freeMemory },
];

export interface Packed {
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
}

export function packBy(policy: Policy, fleet: Fleet): Packed {
  let pods = 0;
  let podCostMicrosPerHour = 0;
  for (const sharing of sharingClasses(fleet)) {
    const context = classContext(fleet, sharing);
    const models = [...sharing.models].sort(policy.order ?? (() => 0));
    const results = context.pools.map((main) => packClass(policy, context, models, main));
    const [best] = results.sort((a, b) => a.podCostMicrosPerHour - b.podCostMicrosPerHour || a.pods - b.pods);
    pods += best?.pods ?? 0;
    podCostMicrosPerHour += best?.podCostMicrosPerHour ?? 0;
  }
  return { pods, podCostMicrosPerHour };
}

/** Onto the main pool, models that it cannot hold onto the cheapest that can. */
function packClass(policy: Policy, context: ClassContext, models: readonly Model[], main: Pool): Packed {
  const byPool = new Map<Pool, OpenShard[]>();
  let pods = 0;
  let podCostMicrosPerHour = 0;
  for (const model of models) {
    const home = [main, ...context.pools].flatMap((pool) => {
      const replicas = copiesOn(context, model, pool);
      return replicas === 0 ? [] : [{ pool, replicas }];
    })[0];
    if (home === undefined) throw new Error(`${model.key} fits nowhere`);
    const shards = byPool.get(home.pool) ?? [];
    byPool.set(home.pool, shards);
    const demands = new Map<number, CapacityVector>();
    const demandIn = (replicas: number): CapacityVector => {
      const known = demands.get(replicas) ?? modelDemand(model, home.pool, context.runtime, replicas);
      demands.set(replicas, known);
      return known;
    };
    let chosen: OpenShard | null = null;
    let best = Number.NEGATIVE_INFINITY;
    for (const shard of shards) {
      if (shard.replicas < home.replicas || shard.holds.has(originalOf(model.key))) continue;
      const demand = demandIn(shard.replicas);
      if (!fits(demand, shard.free)) continue;
      const score = policy.score(shard, demand);
      if (score > best) {
        best = score;
        chosen = shard;
      }
      if (policy.score.length === 0) break;
    }
    if (chosen === null) {
      const capacity = context.capacity.get(home.pool.name) ?? [];
      chosen = { replicas: home.replicas, capacity, free: [...capacity], holds: new Set() };
      shards.push(chosen);
      pods += home.replicas;
      podCostMicrosPerHour += home.replicas * home.pool.podPriceMicrosPerHour;
    }
    chosen.holds.add(originalOf(model.key));
    const demand = demandIn(chosen.replicas);
    dimensions.forEach((dimension, d) => {
      (chosen as OpenShard).free[d] = ((chosen as OpenShard).free[d] as number) - demand[dimension];
    });
  }
  return { pods, podCostMicrosPerHour };
}

function copiesOn(context: ClassContext, model: Model, pool: Pool): number {
  const capacity = context.capacity.get(pool.name) ?? [];
  for (let replicas = model.replicas; replicas <= 64; replicas++)
    if (fits(modelDemand(model, pool, context.runtime, replicas), capacity)) return replicas;
  return 0;
}

function fits(demand: CapacityVector, free: readonly number[]): boolean {
  return dimensions.every((dimension, d) => demand[dimension] <= (free[d] as number));
}
