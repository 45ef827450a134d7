import { type Dimension, dimensions } from '../declare/capacity';
import type { Fleet } from '../declare/fleet';
import { type ClassContext, classContext } from './class-context';
import type { BoundCertificate, ClassBound } from './packing';
import { sharingClasses } from './sharing';

/**
 * A lower bound that holds for any placement into shards: in each dimension, the models of a class need so much in all,
 * and a pod holds so much at best. Load is shared by copies, everything else is taken by each copy. Exact integers.
 */
export function volumeBound(fleet: Fleet): BoundCertificate {
  const classes = sharingClasses(fleet).map((sharing) => classBound(classContext(fleet, sharing)));
  return {
    method: 'volume',
    classes,
    pods: classes.reduce((sum, bound) => sum + bound.pods, 0),
    podCostMicrosPerHour: classes.reduce((sum, bound) => sum + bound.podCostMicrosPerHour, 0),
  };
}

function classBound(context: ClassContext): ClassBound {
  const { models, key } = context.sharing;
  const mostReplicas = models.reduce((most, model) => Math.max(most, model.replicas), 1);
  const cheapest = context.pools.reduce(
    (least, pool) => Math.min(least, pool.podPriceMicrosPerHour),
    Number.MAX_SAFE_INTEGER,
  );
  let pods = mostReplicas;
  let podsBy: ClassBound['podsBy'] = 'replicas';
  let cost = mostReplicas * cheapest;
  let costBy: ClassBound['costBy'] = 'replicas';
  for (const dimension of dimensions) {
    const need = bestCase(context, dimension);
    if (need === null) continue;
    if (need.pods > pods) {
      pods = need.pods;
      podsBy = dimension;
    }
    if (need.cost > cost) {
      cost = need.cost;
      costBy = dimension;
    }
  }
  // So many pods cost at least the cheapest pool's price each.
  if (pods * cheapest > cost) {
    cost = pods * cheapest;
    costBy = podsBy;
  }
  return { class: key, models: models.length, pods, podCostMicrosPerHour: cost, podsBy, costBy };
}

/** Pods and cost if the whole demand in one dimension went to the pool that suits it best. Null: some pool asks none of it. */
function bestCase(
  context: ClassContext,
  dimension: Dimension,
): { readonly pods: number; readonly cost: number } | null {
  const d = dimensions.indexOf(dimension);
  let pods: bigint | null = null;
  let cost: bigint | null = null;
  for (const pool of context.pools) {
    const total = totalDemand(context, dimension, pool.accelerator !== null);
    if (total === 0n) return null;
    // Load is stated for speed 1: a pod of this pool does speed/1000 of it a second.
    const scaled = dimension === 'microDuty' || (dimension === 'cpuMillis' && pool.accelerator === null);
    const capacity =
      BigInt(Math.max(0, context.capacity.get(pool.name)?.[d] ?? 0)) * (scaled ? BigInt(pool.speedMilli) : 1n);
    if (capacity === 0n) continue;
    const demand = scaled ? total * 1000n : total;
    const needed = ceil(demand, capacity);
    const price = ceil(demand * BigInt(pool.podPriceMicrosPerHour), capacity);
    pods = pods === null || needed < pods ? needed : pods;
    cost = cost === null || price < cost ? price : cost;
  }
  return pods === null || cost === null ? null : { pods: Number(pods), cost: Number(cost) };
}

function totalDemand(context: ClassContext, dimension: Dimension, onAccelerator: boolean): bigint {
  const { runtime } = context;
  let total = 0n;
  let small = 0;
  for (const model of context.sharing.models) {
    let amount: number;
    switch (dimension) {
      case 'acceleratorMemoryBytes':
        amount = onAccelerator ? model.footprint.acceleratorMemoryBytes * model.replicas : 0;
        break;
      case 'microDuty':
        amount = onAccelerator ? model.load.microDuty : 0;
        break;
      case 'memoryBytes':
        amount =
          (model.footprint.memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes) *
          model.replicas;
        break;
      case 'cpuMillis':
        amount = model.load.cpuMillis;
        break;
      case 'diskBytes':
        amount = model.footprint.diskBytes * model.replicas;
        break;
      case 'models':
        amount = model.replicas;
        break;
    }
    if (!Number.isSafeInteger(amount)) total += BigInt(Math.floor(amount));
    else if (Number.isSafeInteger(small + amount)) small += amount;
    else {
      total += BigInt(small) + BigInt(amount);
      small = 0;
    }
  }
  return total + BigInt(small);
}

function ceil(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
