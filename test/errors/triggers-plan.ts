import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { explainModel } from '../../src/plan/explain';
import { lockOf, parseLockfile } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { readPlan } from '../../src/plan/read-plan';

const fleet = (more: Partial<FleetInput> = {}) =>
  defineFleet({
    name: 'small',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
    models: ['open', 'team'].map((tenant) => ({ name: 'a', tenant, format: 'sklearn', storageUri: 's3://models/a' })),
    ...more,
  });

function warnings(more: Partial<FleetInput> = {}) {
  const declared = fleet(more);
  return makePlan(declared, pack({ fleet: declared })).warnings;
}

/** Just the pods that the fleet takes. */
function fullPods() {
  const declared = fleet();
  return makePlan(declared, pack({ fleet: declared })).summary.pods;
}

function warningsOfForcedMove() {
  const declared = fleet();
  const { models } = lockOf(declared, pack({ fleet: declared }));
  const prior = { shards: [], models: models.map((model) => ({ ...model, shards: ['sgone'] })) };
  return makePlan(declared, pack({ fleet: declared, prior }), prior).warnings;
}

function explain(key: string) {
  const declared = fleet();
  return explainModel(declared, makePlan(declared, pack({ fleet: declared })), key);
}

const lock = (...lines: readonly string[]) => parseLockfile(['{"stowageLock":1}', ...lines, ''].join('\n'));
const shard = '{"shard":"sabc","pool":"cpu","runtime":"mlserver","group":"shared","replicas":1}';

export const triggers: Record<string, () => unknown> = {
  STW3001: () => warnings({ budgets: { pods: { limit: 1, enforcement: 'warn' } } }),
  STW3002: () => warnings(),
  STW3003: () => warningsOfForcedMove(),
  STW3004: () => warnings({ budgets: { pods: fullPods() } }),
  STW3101: () => parseLockfile('name: fleet\n'),
  STW3102: () => parseLockfile('{"stowageLock":2}\n'),
  STW3103: () => lock('<<<<<<< HEAD', shard, '=======', shard, '>>>>>>> branch'),
  STW3104: () => lock(shard, '{"model":"open/a@1","in":"sabc","gpu":-1,"mem":0}'),
  STW3105: () => lock(shard, shard),
  STW3106: () => lock('{"model":"open/a@1","in":"sabc","gpu":0,"mem":0}'),
  STW3201: () => readPlan('not a plan'),
  STW3202: () => readPlan('{"formatVersion":"2.0"}'),
  STW3301: () => explain('none'),
  STW3302: () => explain('a'),
};
