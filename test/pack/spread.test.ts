import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import { pack } from '../../src/pack/pack';
import type { Packing } from '../../src/pack/packing';
import { makePlan } from '../../src/plan/make-plan';
import { verifyPlan } from '../../src/verify/verify';
import { fleetInputs, shuffledFleet, splitFleet } from '../support/fleets';
import { lockedFrom, placement, podCost, pods } from './support';

/** Models that each pod alone holds, in falling order. */
function losses(packing: Packing): number[] {
  const copies = new Map<string, number>();
  for (const { models, replicas } of packing.shards)
    for (const key of models) copies.set(key, (copies.get(key) ?? 0) + replicas);
  return packing.shards
    .filter(({ replicas }) => replicas === 1)
    .map(({ models }) => models.filter((key) => copies.get(key) === 1).length)
    .sort((a, b) => b - a);
}

const squares = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count * count, 0);

describe('packing for spread', () => {
  it('evens out how many models are lost with a pod, at the same cost', () => {
    const model = (name: string, memory: string) => ({ name, format: 'sklearn', storageUri: 's3://m/a', memory });
    const fleet = defineFleet({
      name: 'even',
      pools: [{ name: 'cpu', cpu: 64, memory: '64Gi', podsPerNode: 1, pricePerNodeHour: 1 }],
      models: [
        ...['a', 'b'].map((name) => model(name, '34Gi')),
        ...Array.from({ length: 20 }, (_, i) => model(`small${i}`, '100Mi')),
      ],
    });
    const even = pack({ fleet, objective: 'spread' });
    expect(losses(even)).toEqual([11, 11]);
    expect(pods(even.shards)).toBe(pods(pack({ fleet }).shards));
  });

  it('changes neither cost nor pods, is sound and never less even; the same in any order; locked models stay', () => {
    const shuffled = fleetInputs({ maxModels: 30 }).chain((input) =>
      fc.tuple(fc.constant(input), shuffledFleet(input), fc.nat()),
    );
    fc.assert(
      fc.property(shuffled, ([input, other, at]) => {
        const fleet: Fleet = defineFleet(input);
        const cheapest = pack({ fleet });
        const even = pack({ fleet, objective: 'spread' });
        expect(verifyPlan(fleet, makePlan(fleet, even)).findings).toEqual([]);
        expect(podCost(fleet, even.shards)).toBe(podCost(fleet, cheapest.shards));
        expect(pods(even.shards)).toBe(pods(cheapest.shards));
        expect(squares(losses(even))).toBeLessThanOrEqual(squares(losses(cheapest)));
        expect(pack({ fleet: defineFleet(other), objective: 'spread' })).toEqual(even);
        const before = defineFleet(splitFleet(input, at % (input.models?.length ?? 1)).before);
        const prior = lockedFrom(before, pack({ fleet: before }));
        const next = pack({ fleet, prior, objective: 'spread' });
        expect(verifyPlan(fleet, makePlan(fleet, next, prior), prior).findings).toEqual([]);
        const stable = placement(pack({ fleet, prior }));
        const home = placement(next);
        for (const { key } of prior.models) expect(home.get(key)).toBe(stable.get(key));
      }),
      { numRuns: 40 },
    );
  });
});
