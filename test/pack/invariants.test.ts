import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dimensions, modelDemand, podCapacity } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import { copiesByModel } from '../../src/pack/copies';
import { pack } from '../../src/pack/pack';
import type { Packing, Shard } from '../../src/pack/packing';
import { fleetInputs, shuffledFleet } from '../support/fleets';
import { modelsByKey, named, of, podCost, pods } from './support';

const packed = fleetInputs().map((input) => {
  const fleet = defineFleet(input);
  return { fleet, packing: pack({ fleet }) };
});

describe('any packing', () => {
  it('holds at least its copies of each model, no two in a shard, on a pool it allows', () => {
    fc.assert(
      fc.property(packed, ({ fleet, packing }) => {
        const copies = copiesByModel(packing.shards);
        expect([...copies.keys()].sort()).toEqual(fleet.models.map((model) => model.key).sort());
        for (const shard of packing.shards) expect(new Set(shard.models).size).toBe(shard.models.length);
        for (const [shard, model] of pairs(fleet, packing.shards)) {
          expect(of(copies, model.key)).toBeGreaterThanOrEqual(model.replicas);
          if (fleet.packing.layout === 'copies') expect(shard.replicas).toBe(1);
          else expect(of(copies, model.key)).toBe(shard.replicas);
          expect(model.pools).toContain(shard.pool);
          expect(shard.zones).toEqual(model.zones);
        }
      }),
    );
  });

  it('fills no pod over its capacity', () => {
    fc.assert(
      fc.property(packed, ({ fleet, packing }) => {
        for (const shard of packing.shards) expect(overCapacity(fleet, packing, shard)).toEqual([]);
      }),
    );
  });

  it('mixes no tenants against their isolation, no runtimes and no base models', () => {
    fc.assert(
      fc.property(packed, ({ fleet, packing }) => {
        for (const [shard, model] of pairs(fleet, packing.shards)) {
          const tenant = named(fleet.tenants, model.tenant);
          expect(shard.group).toBe(tenant.group);
          expect(shard.nodeIsolated).toBe(tenant.isolation === 'node');
          expect(shard.runtime).toBe(model.runtime);
          expect(shard.base).toBe(model.base);
        }
        for (const shard of packing.shards) {
          const tenants = new Set(shard.models.map((key) => key.split('/')[0] as string));
          const isolated = [...tenants].filter((name) => named(fleet.tenants, name).isolation !== 'shared');
          const pair = isolated.every((name) => name.startsWith('pair-'));
          if (isolated.length > 0)
            expect(pair ? [...tenants].every((name) => name.startsWith('pair-')) : tenants.size === 1).toBe(true);
        }
      }),
    );
  });

  it('keeps apart models that must never meet', () => {
    fc.assert(
      fc.property(packed, ({ fleet, packing }) => {
        const models = modelsByKey(fleet);
        for (const shard of packing.shards) {
          for (const key of shard.models) {
            const labels = Object.entries(of(models, key).labels).map(([name, value]) => `${name}=${value}`);
            for (const other of shard.models)
              if (other !== key)
                expect(of(models, other).neverWith.filter((label) => labels.includes(label))).toEqual([]);
          }
        }
      }),
    );
  });

  it('costs no less than its bound', () => {
    fc.assert(
      fc.property(packed, ({ fleet, packing }) => {
        expect(pods(packing.shards)).toBeGreaterThanOrEqual(packing.bound.pods);
        expect(podCost(fleet, packing.shards)).toBeGreaterThanOrEqual(packing.bound.podCostMicrosPerHour);
      }),
    );
  });

  it('is the same, byte for byte, in any order of declaration', () => {
    const twoOrders = fleetInputs().chain((input) => fc.tuple(fc.constant(input), shuffledFleet(input)));
    fc.assert(
      fc.property(twoOrders, ([input, shuffled]) => {
        expect(JSON.stringify(pack({ fleet: defineFleet(shuffled) }))).toBe(
          JSON.stringify(pack({ fleet: defineFleet(input) })),
        );
      }),
    );
  });
});

function pairs(fleet: Fleet, shards: readonly Shard[]) {
  const models = modelsByKey(fleet);
  return shards.flatMap((shard) => shard.models.map((key) => [shard, of(models, key)] as const));
}

/** The dimensions in which the models of a shard take more than its pod has. */
function overCapacity(fleet: Fleet, { shards }: Packing, shard: Shard): readonly string[] {
  const copies = copiesByModel(shards);
  const models = modelsByKey(fleet);
  const pool = named(fleet.pools, shard.pool);
  const runtime = named(fleet.runtimes, shard.runtime);
  const base = shard.base === null ? null : named(runtime.baseModels, shard.base);
  const context = { ...fleet, modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null };
  const capacity = podCapacity(context, pool, runtime, base);
  return dimensions.filter((dimension) => {
    const used = shard.models.reduce(
      (sum, key) => sum + modelDemand(of(models, key), pool, runtime, of(copies, key))[dimension],
      0,
    );
    return used > capacity[dimension];
  });
}
