import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { planWithin } from '../../src/plan/conflict/plan-within';
import { lockOf } from '../../src/plan/lockfile';
import { conflictDiagnostic } from '../../src/report/conflict-facts';

const fleetOf = (names: readonly string[], pods?: number) =>
  defineFleet({
    name: 'small',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', podsPerNode: 1 }],
    models: names.map((name) => ({ name, format: 'sklearn', storageUri: `s3://models/${name}`, memory: '25Gi' })),
    mesh: { router: { replicas: 1 } },
    budgets: pods === undefined ? {} : { pods },
  });

export const triggers: Record<string, () => unknown> = {
  STW3010: () => found(planWithin({ fleet: fleetOf(['a', 'b', 'c'], 2) })),
  // The lockfile keeps in two pods what would fit in one.
  STW3011: () => {
    const fleet = fleetOf(['a', 'b', 'c', 'd']);
    const prior = lockOf(fleet, pack({ fleet }));
    const left = prior.shards.map(({ id }) => prior.models.find(({ shards }) => shards.includes(id))?.key ?? '');
    const names = left.map((key) => key.slice('default/'.length, -'@1'.length));
    return found(planWithin({ fleet: fleetOf(names, 2), prior }));
  },
};

function found(planned: ReturnType<typeof planWithin>): unknown {
  const conflict = planned.conflict();
  return conflict === null ? [] : [conflictDiagnostic(conflict)];
}
