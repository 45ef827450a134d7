import { expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { copyOf, found, planned } from '../verify/support';

it('tells a zone with a separator in its name from two zones', () => {
  const input = {
    name: 'zones',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
    models: [['a', 'b'], ['a,b'], ['a|b'], ['a%2Cb']].map((zones, i) => ({
      name: `m${i}`,
      format: 'sklearn',
      storageUri: 's3://models/m',
      zones,
    })),
  };
  expect(pack({ fleet: defineFleet(input) }).shards).toHaveLength(4);
  const { fleet, plan } = planned(input);
  expect(found(fleet, copyOf(plan))).toEqual([]);
});
