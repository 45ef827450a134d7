import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { diffPlans } from '../../src/plan/diff-plans';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import type { Plan } from '../../src/plan/plan';
import { fleetInputs } from '../support/fleets';

const MiB = 2 ** 20;
const input: FleetInput = {
  name: 'small',
  packing: { layout: 'equal' },
  pools: [
    { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1 },
    { name: 'big', cpu: 64, memory: '256Gi', pricePerNodeHour: 9 },
  ],
  models: ['a', 'b', 'c'].map((name) => ({
    name,
    format: 'sklearn',
    storageUri: `s3://models/${name}`,
    memory: '1Gi',
    disk: '100Mi',
    pools: ['cpu'],
  })),
  budgets: { pods: 10 },
};

function planOf(declared: FleetInput): Plan {
  const fleet = defineFleet(declared);
  return makePlan(fleet, pack({ fleet }));
}

const before = planOf(input);
const shard = before.shards[0]?.id ?? '';

/** The plan after a change, made with the lockfile of `before`. */
function planAfter(change: Partial<FleetInput>, mode: 'stable' | 'repack' = 'stable'): Plan {
  const old = defineFleet(input);
  const prior = lockOf(old, pack({ fleet: old }));
  const fleet = defineFleet({ ...input, ...change });
  return makePlan(fleet, pack({ fleet, prior, mode }), prior);
}

describe('diffPlans', () => {
  it('finds nothing between a plan and itself', () => {
    const diff = diffPlans(before, planAfter({}));
    expect(diff.changed).toBe(false);
    expect(diff.moveBytes).toBe(0);
    expect(diff.totals.every((total) => total.before === total.after)).toBe(true);
  });

  it('tells an added, a removed and a resized model, without a restart', () => {
    const models = (input.models ?? []).slice(1);
    const after = planAfter({
      models: [
        ...models.map((model, i) => (i === 0 ? { ...model, memory: '2Gi' } : model)),
        { ...models[0], name: 'new' } as never,
      ],
    });
    const diff = diffPlans(before, after);
    expect(diff.models).toEqual({
      added: ['default/new@1'],
      removed: ['default/a@1'],
      moved: [],
      copies: [],
      resized: [
        {
          model: 'default/b@1',
          acceleratorMemoryBytes: { before: 0, after: 0 },
          memoryBytes: { before: 1024 * MiB, after: 2048 * MiB },
        },
      ],
    });
    expect(diff.shards).toEqual({
      added: [],
      removed: [],
      changed: [
        {
          shard,
          pool: { before: 'cpu', after: 'cpu' },
          replicas: { before: 1, after: 1 },
          models: { before: 3, after: 3 },
          restarts: false,
        },
      ],
    });
    expect(diff.moveBytes).toBe(100 * MiB);
    expect(diff.changed).toBe(true);
  });

  it('tells more replicas and what their pods fetch', () => {
    const diff = diffPlans(
      before,
      planAfter({ models: (input.models ?? []).map((model) => ({ ...model, replicas: 3 })) }),
    );
    expect(diff.shards.changed).toMatchObject([{ shard, replicas: { before: 1, after: 3 }, restarts: false }]);
    expect(diff.moveBytes).toBe(2 * 3 * 100 * MiB);
    expect(diff.totals.find(({ total }) => total === 'pods')).toEqual({
      total: 'pods',
      unit: 'count',
      before: 3,
      after: 5,
    });
    expect(diff.budgets).toEqual([
      { budget: 'pods', unit: 'count', before: 3, after: 5, limit: 10, headroom: 5, enforcement: 'hard', status: 'ok' },
    ]);
  });

  it('gives the reason of each move', () => {
    const models = (input.models ?? []).map((model) => ({ ...model, pools: ['big'] }));
    const stable = diffPlans(before, planAfter({ models }));
    expect(stable.models.moved.map(({ reason, from }) => [reason, from])).toEqual(
      ['a', 'b', 'c'].map(() => ['shard-gone', shard]),
    );
    expect(stable.shards.removed).toEqual([shard]);
    expect(stable.moveBytes).toBe(300 * MiB);
    // A repack keeps the name for the models' new shard: no model moves by name, but its pods are made anew.
    const repacked = diffPlans(before, planAfter({ models }, 'repack'));
    expect(repacked.models.moved).toEqual([]);
    expect(repacked.shards.changed).toMatchObject([{ shard, pool: { before: 'cpu', after: 'big' }, restarts: true }]);
    expect(repacked.moveBytes).toBe(300 * MiB);
  });

  it('names a budget that is new', () => {
    const diff = diffPlans(before, planAfter({ budgets: { ips: 9 } }));
    expect(diff.budgets).toMatchObject([{ budget: 'ips', before: null, after: 3, limit: 9 }]);
    expect(diff.changed).toBe(false);
  });

  it('agrees with the changes that the later plan states against the lockfile of the earlier one', () => {
    fc.assert(
      fc.property(
        fleetInputs({ minModels: 2, maxModels: 25 }),
        fc.nat(),
        fc.constantFrom('stable' as const, 'repack' as const),
        (declared, at, mode) => {
          const all = declared.models ?? [];
          const cut = at % all.length;
          const old = defineFleet({ ...declared, models: all.slice(0, Math.max(1, cut)) });
          const packing = pack({ fleet: old });
          const prior = lockOf(old, packing);
          const fleet = defineFleet({ ...declared, models: all.slice(Math.min(cut, all.length - 1) >> 1) });
          const after = makePlan(fleet, pack({ fleet, prior, mode }), prior);
          const { changes } = after;
          const diff = diffPlans(makePlan(old, packing), after);
          expect(diff.models).toEqual({
            added: changes.added,
            removed: changes.removed,
            moved: changes.moved,
            copies: changes.copies,
            resized: changes.resized,
          });
          expect([diff.shards.added, diff.shards.removed]).toEqual([changes.shardsAdded, changes.shardsRemoved]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
