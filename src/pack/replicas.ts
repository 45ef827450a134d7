import type { Model, Pool } from '../declare/fleet';
import { type ClassContext, fitsIn, setDemand } from './class-context';

/** Most replicas of a shard. */
export const maxReplicas = 64;

/** Lives for one call only: most models are looked at once or twice. */
const demand = [0, 0, 0, 0, 0, 0];

/** Fewest copies, at least the declared ones, at which one copy's share of the load fits an empty pod; 0: none. */
export function replicasNeeded(context: ClassContext, model: Model, pool: Pool): number {
  const capacity = context.capacity.get(pool.name);
  if (capacity === undefined) throw new TypeError(`pool ${pool.name} is not in class ${context.sharing.key}`);
  for (let replicas = model.replicas; replicas <= maxReplicas; replicas++) {
    if (fitsIn(setDemand(demand, model, pool, context.runtime, replicas), capacity)) return replicas;
  }
  return 0;
}
