import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dimensions } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { bundle } from '../../src/ondemand/pack-bundles';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement } from '../../src/pack/packing';
import { sharingClasses } from '../../src/pack/sharing';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { verifyPlan } from '../../src/verify/verify';
import { fleetInput, model } from '../declare/support';
import { fleetInputs } from '../support/fleets';

/** Generated fleets of which about half is on demand, with bundles of a few models. */
const fleets = fc
  .record({
    input: fleetInputs({ maxModels: 60, budgets: false }),
    residency: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
    layout: fc.constantFrom('copies' as const, 'equal' as const),
    target: fc.constantFrom(0.001, 0.05, 0.5, 1),
    of: fc.constantFrom('their-requests' as const, 'all-requests' as const),
    leastModels: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ input, residency, layout, target, of, leastModels }): FleetInput => {
    const onDemand = { targetColdStartRate: target, of, leastModels };
    return {
      ...input,
      packing: { ...input.packing, layout, onDemand },
      models: (input.models ?? []).map((one, i) => ({ ...one, residency: residency[i] ? 'on-demand' : 'resident' })),
    };
  });

/** `n` alike on-demand models of 100 MiB, with as many requests as their number says. */
const many = (n: number, more: Partial<FleetInput> = {}): FleetInput =>
  fleetInput({
    pools: [
      {
        name: 'l4',
        accelerator: { kind: 'L4', memory: '12Gi', perNode: 4 },
        cpu: 48,
        memory: '192Gi',
        disk: '1Ti',
        pricePerNodeHour: 4,
      },
    ],
    packing: { onDemand: { targetColdStartRate: 0.1 } },
    models: Array.from({ length: n }, (_, i) =>
      model(`m${String(i).padStart(4, '0')}`, {
        residency: 'on-demand',
        gpuMemory: '100Mi',
        memory: '16Mi',
        disk: '100Mi',
        requestsPerSecond: 0.5 / (i + 1),
        gpuSecondsPerRequest: 0.001,
      }),
    ),
    ...more,
  });

function expectSound(fleet: Fleet, plan: ReturnType<typeof makePlan>, prior?: LockedPlacement): void {
  expect(verifyPlan(fleet, plan, prior).findings).toEqual([]);
  const copies = new Map<string, number>();
  for (const shard of plan.shards) {
    for (const dimension of dimensions)
      expect(shard.used[dimension], `${dimension} of ${shard.id}`).toBeLessThanOrEqual(shard.capacity[dimension]);
    for (const key of shard.models) copies.set(key, (copies.get(key) ?? 0) + shard.replicas);
    expect(new Set(shard.models).size).toBe(shard.models.length);
  }
  expect([...copies.keys()].sort()).toEqual(fleet.models.map(({ key }) => key));
  for (const { key, replicas } of fleet.models) expect(copies.get(key)).toBeGreaterThanOrEqual(replicas);
}

describe('bundles of on-demand models', () => {
  it('come back as their models, each within the pods that hold it', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const fleet = defineFleet(input);
        const packing = pack({ fleet });
        const plan = makePlan(fleet, packing);
        expectSound(fleet, plan);
        expect(packing.bound.pods).toBeLessThanOrEqual(plan.summary.shardPods);
        expect(packing.bound.podCostMicrosPerHour).toBeLessThanOrEqual(plan.summary.podCostMicrosPerHour);
      }),
      { numRuns: 60 },
    );
  });

  it('stay where the lockfile has them, and where nothing changed, nothing changes', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const fleet = defineFleet(input);
        const first = pack({ fleet });
        const prior = lockOf(fleet, first);
        const again = pack({ fleet, prior });
        expect(again.evicted).toEqual([]);
        expect(again.shards).toEqual(first.shards);
      }),
      { numRuns: 60 },
    );
  });

  it('hold every model once, whatever the lockfile says', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 0, max: 60 }), (input, kept) => {
        const { models = [] } = input;
        const before = defineFleet({ ...input, models: models.slice(Math.min(kept, models.length - 1)) });
        const fleet = defineFleet({ ...input, models: models.slice(0, Math.max(1, 60 - kept)) });
        const prior = lockOf(before, pack({ fleet: before }));
        for (const mode of ['stable', 'repack'] as const) {
          const { request, unbundle } = bundle({ fleet, prior, mode }, sharingClasses(fleet));
          const counted = request.fleet.models.reduce((sum, { countsAs }) => sum + (countsAs ?? 1), 0);
          expect(counted).toBe(fleet.models.length);
          expect(unbundle).toBeInstanceOf(Function);
          expectSound(fleet, makePlan(fleet, pack({ fleet, prior, mode }), prior), prior);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('take less room than their models, and no fewer models than asked where there are as many', () => {
    const fleet = defineFleet(many(450));
    const { request } = bundle({ fleet }, sharingClasses(fleet));
    expect(request.fleet.models.map(({ countsAs }) => countsAs)).toEqual([150, 150, 150]);
    const plan = makePlan(fleet, pack({ fleet }));
    expectSound(fleet, plan);
    const resident = defineFleet(
      many(450, { models: (many(450).models ?? []).map((m) => ({ ...m, residency: 'resident' })) }),
    );
    expect(plan.summary.shardPods).toBeLessThan(makePlan(resident, pack({ fleet: resident })).summary.shardPods);
  });

  it('keep to the most models a shard', () => {
    const fleet = defineFleet(many(200, { budgets: { modelsPerShard: 32 } }));
    expectSound(fleet, makePlan(fleet, pack({ fleet })));
  });

  it('take in a new model without moving any other', () => {
    const fleet = defineFleet(many(300));
    const first = pack({ fleet });
    const after = defineFleet(many(301));
    const prior = lockOf(fleet, first);
    const plan = makePlan(after, pack({ fleet: after, prior }), prior);
    expectSound(after, plan, prior);
    expect(plan.changes.added).toEqual(['default/m0300@1']);
    expect(plan.changes.moved).toEqual([]);
    expect(plan.changes.shardsAdded).toEqual([]);
  });

  it('lose the fewest models where these have grown', () => {
    const fleet = defineFleet(many(300));
    const prior = lockOf(fleet, pack({ fleet }));
    const grown = (many(300).models ?? []).map((m, i) => (i % 7 === 0 ? { ...m, gpuMemory: '2Gi', disk: '2Gi' } : m));
    const after = defineFleet(many(300, { models: grown }));
    const plan = makePlan(after, pack({ fleet: after, prior }), prior);
    expectSound(after, plan, prior);
    expect(plan.changes.moved.length).toBeGreaterThan(0);
    expect(plan.changes.moved.length).toBeLessThan(43);
    expect(plan.changes.moved.every(({ reason }) => reason === 'no-longer-fits')).toBe(true);
  });

  it('are refused by verify where the plan states a shorter stay, less use, or nothing of them', () => {
    const fleet = defineFleet(many(450));
    const plan = makePlan(fleet, pack({ fleet }));
    const [own] = plan.onDemand ?? [];
    if (own === undefined || own.keptSeconds === null) throw new Error('the models share no room');
    const { keptSeconds } = own;
    const codes = (changed: object) => verifyPlan(fleet, { ...plan, ...changed }).findings.map(({ code }) => code);
    expect(codes({ onDemand: [{ ...own, keptSeconds: keptSeconds / 2 }] })).toContain('STW2103');
    expect(codes({ onDemand: [{ ...own, keptSeconds: keptSeconds * 2 }] })).toContain('STW2104');
    expect(codes({ onDemand: [{ ...own, coldStartMicro: own.coldStartMicro - 2 }] })).toEqual(['STW2104']);
    for (const onDemand of [
      undefined,
      [],
      [own, own],
      [{ ...own, keptSeconds: '60' }],
      [{ ...own, keptSeconds: -1 }],
      7,
    ])
      expect(codes({ onDemand })).toContain('STW2106');
    const shards = plan.shards.map((shard) => ({
      ...shard,
      used: { ...shard.used, acceleratorMemoryBytes: shard.used.acceleratorMemoryBytes - 1 },
    }));
    expect(codes({ shards })).toContain('STW2104');
  });
});
