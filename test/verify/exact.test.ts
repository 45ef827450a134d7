import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelDemand, podCapacity, podShare } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Pool } from '../../src/declare/fleet';
import {
  ceilDiv,
  ceilRatio,
  floorDiv,
  floorRatio,
  podPart,
  roomOfPod,
  roundDiv,
  Tally,
  takenByModel,
} from '../../src/verify/exact';
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

  it('divides and adds up exactly without BigInt, too, up to 2^53', () => {
    const amount = fc.oneof(fc.maxSafeNat(), fc.nat(2 ** 20), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER));
    const divisor = amount.map((value) => Math.max(1, value));
    fc.assert(
      fc.property(amount, amount, divisor, divisor, (a, b, c, d) => {
        const [over, under] = [BigInt(a) * BigInt(b), BigInt(c) * BigInt(d)];
        expect(ceilRatio(a, b, c, d)).toBe(Number(ceilDiv(over, under)));
        const floor = over / under;
        expect(floorRatio(a, b, c, d)).toBe(
          floor > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(floor),
        );
        // Whole quotients and their neighbours, where rounding would go wrong.
        const part = Math.min(a, c);
        expect(floorRatio(part, c, c, 1)).toBe(part);
        const tally = new Tally();
        for (const [x, y] of [[a, b] as const, [c, d] as const, [a, 1] as const]) tally.add(x, y);
        expect(tally.total).toBe(over + under + BigInt(a));
      }),
      { numRuns: 5000 },
    );
  });
});
