import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../../src/declare/define-fleet';
import type { FleetInput } from '../../../src/declare/input';
import { pack } from '../../../src/pack/pack';
import { rebalance } from '../../../src/pack/rebalance/rebalance';
import { lockOf } from '../../../src/plan/lockfile';
import { makePlan } from '../../../src/plan/make-plan';
import { verifyPlan } from '../../../src/verify/verify';
import { churnedFleets, scatteredLock } from '../../support/churn';
import { fleetInputs, shuffledFleet, splitFleet } from '../../support/fleets';

const runs = 60;

describe('steps of a rebalancing', () => {
  it('each cost less than the one before, are valid plans, and their figures are those of the plan', () => {
    fc.assert(
      fc.property(churnedFleets(), ({ before, after, layout }) => {
        const old = defineFleet(inLayout(before, layout));
        const fleet = defineFleet(inLayout(after, layout));
        const prior = scatteredLock(old, lockOf(old, pack({ fleet: old })));
        const packing = pack({ fleet, prior });
        const found = rebalance({ fleet, packing, prior });
        let cost = found.start.podCostMicrosPerHour;
        for (let count = 0; count <= found.steps.length; count++) {
          const plan = makePlan(fleet, found.after(count), prior);
          const { findings } = verifyPlan(fleet, plan, prior);
          expect(findings).toEqual([]);
          const point = count === 0 ? found.start : found.steps[count - 1]?.point;
          expect(point).toEqual({
            moves: plan.changes.moved.length,
            moveBytes: plan.changes.moveBytes,
            pods: plan.summary.shardPods,
            podCostMicrosPerHour: plan.summary.podCostMicrosPerHour,
          });
          if (count > 0) expect(plan.summary.podCostMicrosPerHour).toBeLessThan(cost);
          cost = plan.summary.podCostMicrosPerHour;
        }
      }),
      { numRuns: runs },
    );
  });

  it('keep within the limits, and take as many steps as they allow', () => {
    fc.assert(
      fc.property(churnedFleets(), fc.nat(30), fc.nat(40), ({ before, after, layout }, moves, gibibytes) => {
        const old = defineFleet(inLayout(before, layout));
        const fleet = defineFleet(inLayout(after, layout));
        const prior = scatteredLock(old, lockOf(old, pack({ fleet: old })));
        const found = rebalance({ fleet, packing: pack({ fleet, prior }), prior });
        const limits = { moves, moveBytes: gibibytes * 2 ** 30 };
        const count = found.within(limits);
        const inside = (at: number) => {
          const point = found.steps[at]?.point;
          return point !== undefined && point.moves <= moves && point.moveBytes <= limits.moveBytes;
        };
        for (let at = 0; at < count; at++) expect(inside(at)).toBe(true);
        expect(inside(count)).toBe(false);
      }),
      { numRuns: runs },
    );
  });

  it('are the same in any order of declaration, and stay once they are locked', () => {
    const cases = fleetInputs({ budgets: false, minModels: 4 }).chain((input) =>
      fc.record({
        input: fc.constant(input),
        shuffled: shuffledFleet(input),
        kept: fc.integer({ min: 1, max: 40 }),
        layout: fc.constantFrom('copies' as const, 'equal' as const),
      }),
    );
    fc.assert(
      fc.property(cases, ({ input, shuffled, kept, layout }) => {
        const old = defineFleet(inLayout(splitFleet(input, kept).before, layout));
        const prior = scatteredLock(old, lockOf(old, pack({ fleet: old })));
        const [one, other] = [input, shuffled].map((declaration) => {
          const fleet = defineFleet(inLayout(declaration, layout));
          const found = rebalance({ fleet, packing: pack({ fleet, prior }), prior });
          return { fleet, found, end: found.after(found.steps.length) };
        });
        expect(other?.found.steps).toEqual(one?.found.steps);
        expect(other?.end).toEqual(one?.end);
        if (one === undefined) return;
        const locked = lockOf(one.fleet, one.end);
        const again = lockOf(one.fleet, pack({ fleet: one.fleet, prior: locked }));
        expect(again).toEqual(locked);
      }),
      { numRuns: runs },
    );
  });
});

function inLayout(input: FleetInput, layout: 'copies' | 'equal'): FleetInput {
  return { ...input, packing: { ...input.packing, layout } };
}
