import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement } from '../../src/pack/packing';
import { lockOf } from '../../src/plan/lockfile';
import { brokenBudgets, makePlan } from '../../src/plan/make-plan';
import type { Plan } from '../../src/plan/plan';
import { readPlan } from '../../src/plan/read-plan';
import { verifyPlan } from '../../src/verify/verify';
import { codesOf } from '../support/errors';
import { fleetInputs, shuffledFleet, splitFleet } from '../support/fleets';

function plan(fleet: Fleet, prior?: LockedPlacement, mode: 'stable' | 'repack' = 'stable'): Plan {
  return makePlan(fleet, pack({ fleet, mode, ...(prior === undefined ? {} : { prior }) }), prior);
}

function lockedFor(fleet: Fleet): LockedPlacement {
  return lockOf(fleet, pack({ fleet }));
}

const MiB = 2 ** 20;
const small: FleetInput = {
  name: 'small',
  packing: { layout: 'equal' },
  pools: [
    { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1 },
    {
      name: 'l4',
      accelerator: { kind: 'L4', memory: '24Gi', perNode: 4 },
      cpu: 48,
      memory: '192Gi',
      pricePerNodeHour: 4,
    },
  ],
  models: ['a', 'b', 'c'].map((name) => ({
    name,
    format: 'sklearn',
    storageUri: `s3://models/${name}`,
    memory: '1Gi',
    disk: '100Mi',
    replicas: 2,
  })),
};

describe('makePlan', () => {
  it('states no figure that another count of the same placement disputes', () => {
    fc.assert(
      fc.property(fleetInputs({ maxModels: 30 }), fc.nat(), fc.boolean(), (input, at, repack) => {
        const { before, after } = splitFleet(input, at % (input.models?.length ?? 1));
        const prior = lockedFor(defineFleet(before));
        const fleet = defineFleet(after);
        const first = plan(fleet);
        expect(verifyPlan(fleet, first).findings).toEqual([]);
        const second = plan(fleet, prior, repack ? 'repack' : 'stable');
        expect(verifyPlan(fleet, second, prior).findings).toEqual([]);
        for (const made of [first, second]) {
          expect(made.budgets.filter((budget) => budget.used > budget.limit && budget.enforcement === 'hard')).toEqual(
            brokenBudgets(made),
          );
          expect(made.warnings.filter(({ code }) => code === 'STW3001')).toHaveLength(
            made.budgets.filter((budget) => budget.used > budget.limit && budget.enforcement === 'warn').length,
          );
          expect(made.shards.map(({ sizes }) => sizes.memoryBytes.length)).toEqual(
            made.shards.map(({ models }) => models.length),
          );
          expect(readPlan(JSON.stringify(made))).toEqual(made);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('moves no model where others are only added', () => {
    fc.assert(
      fc.property(fleetInputs({ minModels: 2, maxModels: 30 }), fc.nat(), (input, at) => {
        const { before, after } = splitFleet(input, at % (input.models?.length ?? 1));
        const old = defineFleet(before);
        const fleet = defineFleet(after);
        const { changes } = plan(fleet, lockedFor(old));
        expect(changes.moved).toEqual([]);
        expect(changes.removed).toEqual([]);
        expect(changes.resized).toEqual([]);
        expect(changes.shardsRemoved).toEqual([]);
        const known = new Set(old.models.map(({ key }) => key));
        expect(changes.added).toEqual(fleet.models.map(({ key }) => key).filter((key) => !known.has(key)));
      }),
      { numRuns: 60 },
    );
  });

  it('changes nothing where nothing changed', () => {
    fc.assert(
      fc.property(fleetInputs({ maxModels: 25 }), (input) => {
        const fleet = defineFleet(input);
        expect(plan(fleet, lockedFor(fleet)).changes).toEqual({
          against: 'lockfile',
          added: [],
          removed: [],
          moved: [],
          copies: [],
          resized: [],
          shardsAdded: [],
          shardsRemoved: [],
          moveBytes: 0,
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is the same JSON in any order of declaration', () => {
    fc.assert(
      fc.property(
        fleetInputs({ maxModels: 25 }).chain((input) => fc.tuple(fc.constant(input), shuffledFleet(input))),
        ([input, shuffled]) => {
          expect(JSON.stringify(plan(defineFleet(shuffled)))).toBe(JSON.stringify(plan(defineFleet(input))));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('counts pods, requests, overhead and nodes of a fleet small enough to count by hand', () => {
    const { summary, pools } = plan(defineFleet(small));
    // One shard of two pods, each a quarter of 95% of a node; two routers of 750m and 768Mi.
    expect(summary).toEqual({
      models: 3,
      tenants: 1,
      copies: 6,
      shards: 1,
      replicaSets: 1,
      shardPods: 2,
      routerPods: 2,
      pods: 4,
      ips: 4,
      nodes: 1,
      gpus: {},
      cpuMillis: 2 * 3800 + 2 * 750,
      memoryBytes: 2 * 15564 * MiB + 2 * 768 * MiB,
      overheadCpuMillis: 2 * 100 + 2 * 750,
      overheadMemoryBytes: 2 * 128 * MiB + 2 * 768 * MiB,
      costMicrosPerHour: 1_000_000,
      podCostMicrosPerHour: 500_000,
    });
    expect(pools.map(({ pool, nodes, pods }) => [pool, pods, nodes])).toEqual([
      ['cpu', 2, 1],
      ['l4', 0, 0],
    ]);
    expect(pools[0]?.fillMicro.memoryBytes).toBe(Math.round((1e6 * 3 * 1025) / (15564 - 128 - 512 - 64)));
  });

  it('gives groups with nodes of their own whole nodes, and pays for the least nodes of a pool', () => {
    const fleet = defineFleet({
      ...small,
      pools: small.pools.map((pool) => (pool.name === 'l4' ? { ...pool, minNodes: 3 } : pool)),
      tenants: [{ name: 'vault', isolation: 'node' }],
      models: (small.models ?? []).map((model, i) => (i === 0 ? { ...model, tenant: 'vault' } : model)),
    });
    const { pools, summary } = plan(fleet);
    expect(pools.map(({ pods, nodes }) => [pods, nodes])).toEqual([
      [4, 2],
      [0, 3],
    ]);
    expect(summary.costMicrosPerHour).toBe(2 * 1_000_000 + 3 * 4_000_000);
  });

  it('tells of moves, resizes and what they fetch', () => {
    const fleet = defineFleet(small);
    const [shard] = lockedFor(fleet).shards;
    const prior: LockedPlacement = {
      shards: [{ ...(shard as NonNullable<typeof shard>), id: 'sold', replicas: 1 }],
      models: [
        { key: 'default/a@1', shards: ['sold'], acceleratorMemoryBytes: 0, memoryBytes: 1024 * MiB },
        { key: 'default/b@1', shards: ['sold'], acceleratorMemoryBytes: 0, memoryBytes: 512 * MiB },
        { key: 'default/c@1', shards: ['sgone'], acceleratorMemoryBytes: 0, memoryBytes: 1024 * MiB },
        { key: 'default/z@1', shards: ['sold'], acceleratorMemoryBytes: 0, memoryBytes: 1 },
      ],
    };
    const { changes, warnings } = plan(fleet, prior);
    expect(changes).toEqual({
      against: 'lockfile',
      added: [],
      removed: ['default/z@1'],
      moved: [{ model: 'default/c@1', from: 'sgone', to: 'sold', reason: 'shard-gone' }],
      copies: [],
      resized: [
        {
          model: 'default/b@1',
          acceleratorMemoryBytes: { before: 0, after: 0 },
          memoryBytes: { before: 512 * MiB, after: 1024 * MiB },
        },
      ],
      shardsAdded: [],
      shardsRemoved: [],
      // One more copy of a and of b, two of c.
      moveBytes: 4 * 100 * MiB,
    });
    expect(warnings.map(({ code }) => code)).toEqual(['STW3003']);
  });

  it('counts moves against budgets only where there is a lockfile', () => {
    const fleet = defineFleet({ ...small, budgets: { moves: 0, moveBytes: { limit: 0, enforcement: 'warn' } } });
    expect(plan(fleet).budgets.map(({ status }) => status)).toEqual(['ok', 'ok']);
    const { shards, models } = lockedFor(fleet);
    const prior = { shards, models: models.map((model, i) => (i === 0 ? { ...model, shards: ['sgone'] } : model)) };
    const moved = plan(fleet, prior);
    expect(brokenBudgets(moved)).toEqual([
      { budget: 'moves', unit: 'count', used: 1, limit: 0, headroom: -1, enforcement: 'hard', status: 'broken' },
    ]);
    expect(moved.warnings.map(({ code, severity }) => [code, severity])).toEqual([
      ['STW3001', 'warning'],
      ['STW3003', 'warning'],
    ]);
  });

  it('shows a pool that overflows as a broken hard budget', () => {
    const fleet = defineFleet({
      ...small,
      pools: small.pools.slice(0, 1).map((pool) => ({ ...pool, maxNodes: 1, podsPerNode: 1 })),
    });
    expect(brokenBudgets(plan(fleet)).map(({ budget, used, limit }) => [budget, used, limit])).toEqual([
      ['pool.cpu.nodes', 2, 1],
    ]);
  });

  it('warns of estimated sizes once', () => {
    const models = (small.models ?? []).map(({ memory: _, ...model }) => model);
    const { warnings } = plan(defineFleet({ ...small, models }));
    expect(warnings.map(({ code, message }) => [code, message])).toEqual([
      ['STW3002', '3 models have an estimated size: default/a@1, default/b@1, default/c@1'],
    ]);
  });

  it('refuses a packing of another fleet', () => {
    const fleet = defineFleet(small);
    const other = defineFleet({ ...small, models: (small.models ?? []).slice(1) });
    expect(codesOf(() => makePlan(other, pack({ fleet })))).toEqual(['STW2101']);
  });
});
