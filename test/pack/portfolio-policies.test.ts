import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inCopies } from '../../bench/pack/copies';
import { antiCorrelated, quarterToHalf, realistic, triplets, uniform } from '../../bench/pack/instances';
import { packBy, policies } from '../../bench/pack/policies';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { fleetInputs } from '../support/fleets';
import { podCost } from './support';

describe.each(policies.map((policy) => [policy.name, policy] as const))('%s', (_, policy) => {
  it('is never cheaper than the packer, where pools have no end and any models may meet', () => {
    fc.assert(
      fc.property(fleetInputs({ budgets: false }), (input) => {
        const fleet = defineFleet({
          ...input,
          pools: input.pools.map(({ maxNodes: _, ...pool }) => pool),
          // Loads for which the declared copies do: a policy may else put a small model into all the pods of a hot one,
          // where the packer gives it the copies that it needs.
          models: (input.models ?? []).map(({ neverWith: _, ...model }) => ({ ...model, requestsPerSecond: 0.5 })),
        });
        const cost = podCost(fleet, pack({ fleet }).shards);
        const same = fleet.packing.layout === 'copies' ? inCopies(fleet) : fleet;
        expect(cost).toBeLessThanOrEqual(packBy(policy, same).podCostMicrosPerHour);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a generated instance', () => {
  const instances = [
    realistic(400, 3, { isolated: true }),
    uniform(90, 2),
    triplets(60, 2),
    quarterToHalf(90, 2),
    antiCorrelated(60, 2),
  ];
  it.each(instances.map((instance) => [instance.name, instance] as const))(
    '%s is packed near its bound',
    (_, { fleet }) => {
      const { shards, bound } = pack({ fleet });
      const cost = podCost(fleet, shards);
      for (const policy of policies) expect(cost).toBeLessThanOrEqual(packBy(policy, fleet).podCostMicrosPerHour);
      expect(cost / bound.podCostMicrosPerHour).toBeLessThan(1.12);
    },
  );
});
