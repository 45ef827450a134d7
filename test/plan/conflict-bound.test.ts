import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet, Limit } from '../../src/declare/fleet';
import { isOnDemand } from '../../src/ondemand/rates';
import { pack } from '../../src/pack/pack';
import { provenLeast } from '../../src/plan/conflict/least';
import { atPrices, tooDear, weigh } from '../../src/plan/conflict/weighed';
import { makePlan } from '../../src/plan/make-plan';
import { fleetInputs } from '../support/fleets';

const limit: Limit = { limit: Number.MAX_SAFE_INTEGER, enforcement: 'hard' };

/** Every budget stated, and far away. */
function allStated(fleet: Fleet): Fleet {
  const kinds = fleet.pools.flatMap(({ accelerator }) => (accelerator === null ? [] : [accelerator.kind]));
  return {
    ...fleet,
    pools: fleet.pools.map((pool) => ({ ...pool, maxNodes: 100_000 })),
    budgets: {
      pods: limit,
      ips: limit,
      nodes: limit,
      gpus: Object.fromEntries(kinds.map((kind) => [kind, limit])),
      cpuMillis: limit,
      memoryBytes: limit,
      costMicrosPerHour: limit,
      modelsPerShard: null,
      replicaSets: limit,
      moves: limit,
      moveBytes: limit,
    },
  };
}

describe('what is proven of a budget', () => {
  it('is never above what some plan uses, be it cheap, sparing of another budget, or in another layout', () => {
    let proven = 0;
    fc.assert(
      fc.property(fleetInputs({ maxModels: 25 }), fc.nat(), (input, chosen) => {
        const fleet = allStated(defineFleet(input));
        const packing = pack({ fleet });
        const plan = makePlan(fleet, packing);
        const other = plan.budgets[chosen % plan.budgets.length];
        const sparing = other === undefined ? null : weigh(fleet, [{ budget: other.budget, limit: other.used }]);
        const layout = fleet.packing.layout === 'copies' ? 'equal' : 'copies';
        const plans = [
          plan,
          makePlan(fleet, { ...pack({ fleet: { ...fleet, packing: { ...fleet.packing, layout } } }) }),
          ...(sparing === null || fleet.models.some(isOnDemand)
            ? []
            : [makePlan(fleet, { ...pack({ fleet: atPrices(fleet, sparing.prices) }), bound: packing.bound })]),
        ];
        for (const { budgets } of plans) {
          for (const { budget, used } of budgets) {
            const least = provenLeast(fleet, packing.bound, budget) ?? 0;
            if (least > 0) proven++;
            expect(least, budget).toBeLessThanOrEqual(used);
          }
          // All budgets at once, each just as large as this plan needs.
          const weighing = weigh(
            fleet,
            budgets.map(({ budget, used }) => ({ budget, limit: used })),
          );
          if (weighing === null) continue;
          expect(tooDear(fleet, packing.bound, weighing)).toBe(false);
          const { bound } = pack({ fleet: atPrices(fleet, weighing.prices) });
          expect(bound.podCostMicrosPerHour).toBeLessThanOrEqual(weighing.affordable);
        }
      }),
      { numRuns: 40 },
    );
    expect(proven).toBeGreaterThan(0);
  });
});
