import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';
import { verifyPlan } from '../../src/verify/verify';

const model = { name: 'a', format: 'sklearn', storageUri: 's3://models/a', memory: '1Gi' };
const pools = [{ name: 'cpu', cpu: 16, memory: '64Gi' }];
const fleetOf = (change: object = {}) => defineFleet({ name: 'small', pools, models: [{ ...model, ...change }] });

/** Findings about the plan of one small fleet, changed. */
function changed(change: (plan: ReturnType<typeof planOf>) => object): unknown {
  return verifyPlan(fleetOf(), change(planOf())).findings;
}

function planOf() {
  const fleet = fleetOf();
  return makePlan(fleet, pack({ fleet }));
}

export const triggers: Record<string, () => unknown> = {
  STW2001: () => pack({ fleet: fleetOf({ requestsPerSecond: 1e6, cpuSecondsPerRequest: 1 }) }),
  STW2101: () => changed((plan) => ({ ...plan, shards: [] })),
  STW2102: () => changed((plan) => ({ ...plan, shards: plan.shards.map((shard) => ({ ...shard, group: 'other' })) })),
  // Planned with twice the cap on models a shard that the fleet has now.
  STW2103: () => {
    const models = ['a', 'b'].map((name) => ({ ...model, name }));
    const fleet = defineFleet({ name: 'small', pools, models });
    const plan = makePlan(fleet, pack({ fleet }));
    return verifyPlan(defineFleet({ name: 'small', pools, models, budgets: { modelsPerShard: 1 } }), plan).findings;
  },
  STW2104: () => changed((plan) => ({ ...plan, summary: { ...plan.summary, pods: 1 } })),
  STW2105: () => changed((plan) => ({ ...plan, bound: {} })),
  STW2106: () => changed(() => ({})),
};
