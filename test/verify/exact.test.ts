import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelDemand, podCapacity, podShare } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Pool } from '../../src/declare/fleet';
import { ceilDiv, floorDiv, podPart, roomOfPod, roundDiv, takenByModel } from '../../src/verify/exact';
import { named } from '../pack/support';
import { fleetInputs } from '../support/fleets';
import { example } from './support';

/** Two pieces of code that share nothing must agree on what a pod holds and a model takes. */
describe("the checker's arithmetic", () => {
  it("gives the declaration's capacities and demands", () => {
    fc.assert(
      fc.property(fleetInputs(), fc.integer({ min: 1, max: 64 }), (input, replicas) => {
        const fleet = defineFleet(input);
        const context = { ...fleet, modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null };
        for (const model of fleet.models) {
          const runtime = named(fleet.runtimes, model.runtime);
          const base = model.base === null ? null : named(runtime.baseModels, model.base);
          for (const pool of fleet.pools) {
            expect(roomOfPod(fleet, pool, runtime, base)).toEqual(podCapacity(context, pool, runtime, base));
            expect(takenByModel(model, pool, runtime, replicas)).toEqual(modelDemand(model, pool, runtime, replicas));
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('gives the same share of any node, up to 2^53', () => {
    const [pool] = defineFleet(example).pools as [Pool];
    const size = fc.maxSafeNat();
    fc.assert(
      fc.property(size, size, size, fc.integer({ min: 1, max: 250 }), (cpu, memory, disk, podsPerNode) => {
        const node = { ...pool, nodeCpuMillis: cpu, nodeMemoryBytes: memory, nodeDiskBytes: disk, podsPerNode };
        expect(podPart(node)).toEqual(podShare(node));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same share of any load, up to 2^53', () => {
    const fleet = defineFleet(example);
    const model = named(fleet.models, 'e');
    const runtime = named(fleet.runtimes, 'triton');
    const load = fc.maxSafeNat();
    const speed = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(load, load, speed, fc.integer({ min: 1, max: 64 }), (microDuty, cpuMillis, speedMilli, replicas) => {
        const busy = { ...model, load: { ...model.load, microDuty, cpuMillis } };
        for (const pool of fleet.pools) {
          const fast = { ...pool, speedMilli };
          expect(takenByModel(busy, fast, runtime, replicas)).toEqual(modelDemand(busy, fast, runtime, replicas));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds as its names say, below zero too', () => {
    const small = fc.bigInt({ min: -1000n, max: 1000n });
    const positive = fc.bigInt({ min: 1n, max: 50n });
    fc.assert(
      fc.property(small, positive, (a, b) => {
        expect(floorDiv(a, b)).toBe(BigInt(Math.floor(Number(a) / Number(b))));
        expect(ceilDiv(a, b)).toBe(BigInt(Math.ceil(Number(a) / Number(b))));
        expect(roundDiv(a, b)).toBe(BigInt(Math.floor((2 * Number(a) + Number(b)) / (2 * Number(b)))));
      }),
    );
  });
});
