import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement, PackRequest } from '../../src/pack/packing';
import { relaxedFleet } from '../../src/plan/conflict/apply-relaxation';
import { attempt } from '../../src/plan/conflict/attempt';
import type { Conflict, Relaxation } from '../../src/plan/conflict/conflict';
import { hardBudgets, limitedFleet } from '../../src/plan/conflict/limited';
import { planWithin } from '../../src/plan/conflict/plan-within';
import { lockOf } from '../../src/plan/lockfile';
import { brokenBudgets } from '../../src/plan/make-plan';
import { verifyPlan } from '../../src/verify/verify';
import { fleetInputs, splitFleet } from '../support/fleets';

const cpu = { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1, podsPerNode: 1 };
const l4 = {
  name: 'l4',
  accelerator: { kind: 'L4', memory: '24Gi', perNode: 1 },
  cpu: 24,
  memory: '96Gi',
  pricePerNodeHour: 2,
};
const h100 = { ...l4, name: 'h100', accelerator: { kind: 'H100', memory: '80Gi', perNode: 1 }, pricePerNodeHour: 9 };

/** Two fit in an L4. */
function onGpu(name: string, more: Partial<ModelInput> = {}): ModelInput {
  return { name, format: 'onnx', storageUri: `s3://models/${name}`, gpuMemory: '10Gi', memory: '1Gi', ...more };
}
const many = (count: number, more: Partial<ModelInput> = {}, prefix = 'm') =>
  Array.from({ length: count }, (_, i) => onGpu(`${prefix}${i}`, more));

function fleetOf(input: Partial<FleetInput>): Fleet {
  return defineFleet({ name: 'tight', pools: [l4], ...input });
}

function conflictOf(fleet: Fleet, request: Omit<PackRequest, 'fleet'> = {}): Conflict {
  const conflict = planWithin({ ...request, fleet }).conflict();
  if (conflict === null) throw new Error('the fleet fits');
  return conflict;
}

function only<K extends Relaxation['kind']>(conflict: Conflict, kind: K): Extract<Relaxation, { kind: K }> {
  const found = conflict.relaxations.filter((relaxation) => relaxation.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as Extract<Relaxation, { kind: K }>;
}

const keysIn = (conflict: Conflict) => conflict.models.flatMap(({ keys }) => keys);

describe('the conflict of a fleet', () => {
  it('is none where the plan keeps its budgets', () => {
    const planned = planWithin({ fleet: fleetOf({ models: many(4), budgets: { pods: 20 } }) });
    expect(planned.conflict()).toBeNull();
  });

  it('names the budget, what is proven, and a set of models without any of which it fits', () => {
    const fleet = fleetOf({ models: many(9), budgets: { gpus: { L4: 3 }, pods: 100 } });
    const conflict = conflictOf(fleet);
    expect(conflict).toMatchObject({ verdict: 'proven', setProven: true, minimal: true, alsoBroken: [] });
    expect(conflict.budgets).toEqual([{ budget: 'gpus.L4', unit: 'count', limit: 3, used: 5, least: 5 }]);
    expect(conflict.models).toMatchObject([{ tenant: 'default', pools: ['l4'], of: 9 }]);
    expect(keysIn(conflict)).toHaveLength(7);
    expect(only(conflict, 'raise').budgets).toMatchObject([{ from: 3, to: 5 }]);
    expect(only(conflict, 'drop-models').models).toHaveLength(3);
  });

  it('leaves out tenants and pools that have no part in it', () => {
    const fleet = fleetOf({
      pools: [cpu, { ...l4, maxNodes: 2 }, h100],
      tenants: [{ name: 'bank', isolation: 'process' }],
      models: [
        ...many(5, { accelerators: ['L4'] }),
        ...many(3, { tenant: 'bank', accelerators: ['H100'] }, 'b'),
        { name: 'tree', format: 'sklearn', storageUri: 's3://models/tree', memory: '1Gi' },
      ],
      budgets: { pods: 50, nodes: 40 },
    });
    const conflict = conflictOf(fleet);
    expect(conflict.budgets.map(({ budget }) => budget)).toEqual(['pool.l4.nodes']);
    expect(conflict.models).toMatchObject([{ tenant: 'default', pools: ['l4'], of: 5 }]);
    expect(only(conflict, 'raise').budgets).toMatchObject([{ budget: 'pool.l4.nodes', from: 2, to: 3 }]);
    const allowed = only(conflict, 'allow-pool');
    expect(allowed.pool).toBe('h100');
    const costs = conflict.relaxations.map(({ costMicrosPerHour }) => costMicrosPerHour);
    expect(costs[0]).toBeLessThanOrEqual(costs[1] as number);
  });

  it('finds two budgets that only together are too small', () => {
    const fleet = fleetOf({
      pools: [l4, h100],
      models: many(8),
      budgets: { gpus: { L4: 1 }, costPerHour: 10 },
    });
    const conflict = conflictOf(fleet);
    expect(conflict.budgets.map(({ budget }) => budget).sort()).toEqual(['costPerHour', 'gpus.L4']);
    expect(conflict.minimal).toBe(true);
    expect(conflict.relaxations.filter(({ kind }) => kind === 'raise')).toHaveLength(2);
  });

  it('says what fewer copies would do', () => {
    const conflict = conflictOf(fleetOf({ models: many(2, { replicas: 3 }), budgets: { pods: 4 } }));
    expect(only(conflict, 'fewer-replicas')).toMatchObject({ replicas: 2 });
  });

  it('says that a repack would fit where the lockfile keeps models apart', () => {
    const models = many(8);
    const fleet = fleetOf({ models });
    const lock = lockOf(fleet, pack({ fleet }));
    // Every second model is gone: four shards of one model each stay.
    const left = lock.shards.map(({ id }) => lock.models.find(({ shards }) => shards.includes(id))?.key);
    const after = fleetOf({
      models: models.filter(({ name }) => left.includes(`default/${name}@1`)),
      budgets: { gpus: { L4: 3 } },
    });
    const conflict = conflictOf(after, { prior: lock });
    expect(conflict.verdict).toBe('undecided');
    expect(only(conflict, 'repack')).toMatchObject({ moves: 2 });
  });

  it('needs no model where routers or least nodes are over a budget by themselves', () => {
    const conflict = conflictOf(fleetOf({ pools: [{ ...l4, minNodes: 3 }], models: many(2), budgets: { nodes: 2 } }));
    expect(conflict).toMatchObject({ verdict: 'proven', models: [], minimal: true });
    expect(only(conflict, 'raise').budgets).toMatchObject([{ budget: 'nodes', from: 2, to: 3 }]);
  });

  it('spends no more than it may, and says what was left undone', () => {
    const fleet = fleetOf({ models: many(30), budgets: { gpus: { L4: 3 } } });
    const request = { fleet };
    const { findConflict } =
      require('../../src/plan/conflict/find-conflict') as typeof import('../../src/plan/conflict/find-conflict');
    const conflict = findConflict(request, attempt(request), { models: 60, packings: 4 });
    expect(conflict).toMatchObject({ minimal: false, allTried: false, verdict: 'proven' });
  });
});

describe('within hard budgets', () => {
  it('a dearer packing is taken where the cheapest breaks one, and is proven as ever', () => {
    const small = {
      ...l4,
      name: 'small',
      accelerator: { kind: 'T4', memory: '12Gi', perNode: 1 },
      pricePerNodeHour: 0.5,
    };
    const fleet = fleetOf({ pools: [small, l4], models: many(6), budgets: { pods: 7 } });
    expect(brokenBudgets(planWithin({ fleet: { ...fleet, budgets: { ...fleet.budgets, pods: null } } }).plan)).toEqual(
      [],
    );
    const planned = planWithin({ fleet });
    expect(planned.plan.summary.pods).toBeLessThanOrEqual(7);
    expect(planned.conflict()).toBeNull();
    expect(verifyPlan(fleet, planned.plan).findings).toEqual([]);
  });
});

describe('of generated fleets', () => {
  it('every member of the set is needed, and every relaxation fits', () => {
    let conflicts = 0;
    fc.assert(
      fc.property(
        fleetInputs({ minModels: 3, maxModels: 14 }),
        fc.integer({ min: 40, max: 99 }),
        fc.option(fc.nat(), { nil: undefined }),
        (input, percent, at) => {
          const fleet = tightened(defineFleet(input), percent);
          const request = { fleet, ...(at === undefined ? {} : { prior: lockBefore(input, at) }) };
          const planned = planWithin(request);
          expect(verifyPlan(fleet, planned.plan, request.prior).findings).toEqual([]);
          const conflict = planned.conflict();
          if (conflict === null) return;
          conflicts++;
          expectMinimal(request, conflict);
          for (const relaxation of conflict.relaxations) {
            const mode = relaxation.kind === 'repack' ? 'repack' : 'stable';
            const relaxed = attempt({ ...request, mode, fleet: relaxedFleet(fleet, relaxation) });
            expect(relaxed.fits, JSON.stringify(relaxation)).toBe(true);
            expect(relaxed.plan.summary.costMicrosPerHour).toBe(relaxation.costMicrosPerHour);
          }
        },
      ),
      { numRuns: 30 },
    );
    expect(conflicts).toBeGreaterThan(0);
  });
});

/** Of the declaration with models taken away, so that gaps are filled. */
function lockBefore(input: FleetInput, at: number): LockedPlacement {
  const fleet = defineFleet(splitFleet(input, at % (input.models?.length ?? 1)).before);
  return lockOf(fleet, pack({ fleet }));
}

/** Hard budgets at a part of what the cheapest plan takes. */
function tightened(fleet: Fleet, percent: number): Fleet {
  const { summary } = planWithin({ fleet }).plan;
  const hard = (used: number) => ({ limit: Math.ceil((used * percent) / 100), enforcement: 'hard' as const });
  return { ...fleet, budgets: { ...fleet.budgets, nodes: hard(summary.nodes), cpuMillis: hard(summary.cpuMillis) } };
}

function expectMinimal(request: PackRequest, conflict: Conflict): void {
  const { fleet } = request;
  const keys = new Set(keysIn(conflict));
  if (!conflict.minimal || keys.size === 0) return;
  const budgets = conflict.budgets.map(({ budget }) => budget);
  const fits = (kept: readonly string[], without?: string) => {
    const models = fleet.models.filter(({ key }) => keys.has(key) && key !== without);
    const limits = new Set(hardBudgets(fleet).filter((budget) => kept.includes(budget)));
    return attempt({ ...request, fleet: limitedFleet(fleet, models, limits) }).fits;
  };
  expect(fits(budgets)).toBe(false);
  for (const budget of budgets) expect(fits(budgets.filter((other) => other !== budget))).toBe(true);
  for (const key of keys) if (keys.size > 1) expect(fits(budgets, key), `without ${key}`).toBe(true);
}
