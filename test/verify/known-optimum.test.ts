import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { podCost, pods } from '../pack/support';
import { copyOf, found, planned } from './support';

/**
 * Full pods cut into models: the pods that were cut are an optimum in memory (nothing is wasted), so that no bound may
 * be above them. Cut in memory and load at once, in pools of several prices and replica counts.
 */
const mebibyte = 2 ** 20;
const pools: FleetInput['pools'] = [
  { name: 'large', cpu: 32, memory: '128Gi', podsPerNode: 4, pricePerNodeHour: 8, speed: 2 },
  { name: 'small', cpu: 16, memory: '64Gi', podsPerNode: 4, pricePerNodeHour: 4 },
];

interface Bin {
  readonly pool: 'large' | 'small';
  readonly replicas: number;
  readonly cuts: readonly number[];
  readonly own: boolean;
}

const bins: fc.Arbitrary<readonly Bin[]> = fc.array(
  fc.record({
    pool: fc.constantFrom('large' as const, 'small' as const),
    replicas: fc.integer({ min: 1, max: 3 }),
    cuts: fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { maxLength: 8 }),
    /** Its models allow its pool only. */
    own: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Room of an empty pod in whole MiB and milli-cores: shares of the node less agent and MLServer's base. */
const room = {
  large: { memory: Math.floor((128 * 1024 * 19) / 80) - 704, cpu: Math.floor((32_000 * 19) / 80) - 350 },
  small: { memory: Math.floor((64 * 1024 * 19) / 80) - 704, cpu: Math.floor((16_000 * 19) / 80) - 350 },
};

describe('where the optimum is known', () => {
  it('the certified bound is never above it, and the plan verifies', () => {
    fc.assert(
      fc.property(bins, (cut) => {
        const input = fleetOf(cut);
        fc.pre(input.models?.length !== 0);
        const { fleet, plan } = planned(input);
        expect(found(fleet, copyOf(plan))).toEqual([]);
        const { certificate } = plan.bound;
        expect(certificate.pods).toBeLessThanOrEqual(cut.reduce((sum, bin) => sum + bin.replicas, 0));
        expect(certificate.podCostMicrosPerHour).toBeLessThanOrEqual(costOf(fleet, cut));
      }),
      { numRuns: 300 },
    );
  });

  it('the bound meets it where one pool is cut and one copy asked for', () => {
    const oneKind = bins.map((cut) => cut.map((bin): Bin => ({ ...bin, pool: 'small', own: true, replicas: 1 })));
    fc.assert(
      fc.property(oneKind, (cut) => {
        const { fleet, plan } = planned(fleetOf(cut));
        expect(plan.bound.certificate.pods).toBe(cut.length);
        expect(plan.bound.certificate.podCostMicrosPerHour).toBe(costOf(fleet, cut));
      }),
    );
  });

  it('packs equal models without waste', () => {
    const models = Array.from({ length: 60 }, (_, i) => sklearn(`m${i}`, Math.floor(room.small.memory / 6) - 1, 0, 1));
    const fleet = defineFleet({ name: 'equal', pools: pools.slice(1), models });
    const packing = pack({ fleet });
    expect(pods(packing.shards)).toBe(10);
    expect(packing.bound.pods).toBe(10);
    expect(podCost(fleet, packing.shards)).toBe(packing.bound.podCostMicrosPerHour);
  });
});

function fleetOf(cut: readonly Bin[]): FleetInput {
  const models = cut.flatMap((bin, b) => {
    const { memory, cpu } = room[bin.pool];
    const ends = [...new Set([...bin.cuts.map((part) => Math.floor(part * memory)), memory])].sort((x, y) => x - y);
    return ends.flatMap((end, i) => {
      const size = end - (ends[i - 1] ?? 0);
      // MLServer adds 1 MiB a model. What fits the large pods only is of another class than what fits both.
      if (size < 2 || (!bin.own && size > room.small.memory)) return [];
      const busy = ((cpu * 0.7 * size) / memory) * (bin.pool === 'large' ? 2 : 1) * bin.replicas;
      return [sklearn(`b${b}-${i}`, size - 1, busy, bin.replicas, bin.own ? [bin.pool] : undefined)];
    });
  });
  return { name: 'cut', pools, models };
}

function sklearn(name: string, memory: number, cpuMillis: number, replicas: number, allowed?: string[]): ModelInput {
  return {
    name,
    format: 'sklearn',
    storageUri: `s3://models/${name}`,
    memory: memory * mebibyte,
    disk: mebibyte,
    // An eighth is exact in binary: the load is never above what was cut.
    requestsPerSecond: Math.floor(cpuMillis / 125),
    cpuSecondsPerRequest: 0.125,
    replicas,
    ...(allowed === undefined ? {} : { pools: allowed }),
  };
}

function costOf(fleet: Fleet, cut: readonly Bin[]): number {
  return cut.reduce(
    (sum, bin) => sum + bin.replicas * (fleet.pools.find((pool) => pool.name === bin.pool)?.podPriceMicrosPerHour ?? 0),
    0,
  );
}
