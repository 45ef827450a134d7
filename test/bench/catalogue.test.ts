import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogueModels, writeCatalogue } from '../../bench/catalogue';
import { firstFitDecreasing, oneServerAModel } from '../../bench/comparators';
import { loadFleet } from '../../src/declare/load-fleet';
import { pack } from '../../src/pack/pack';
import { withFiles } from '../declare/support';

describe('the benchmark’s catalogue', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(catalogueModels(300, 7)).toEqual(catalogueModels(300, 7));
    expect(catalogueModels(300, 7)).not.toEqual(catalogueModels(300, 8));
  });

  it('loads, with every kind of model, isolation and several copies, and packs no worse than the simple ways', () => {
    withFiles({}, (directory) => {
      writeCatalogue(directory, 3000, 1);
      const fleet = loadFleet(join(directory, 'fleet.json'));
      expect(fleet.models).toHaveLength(3000);
      expect(fleet.runtimes.map((runtime) => runtime.name)).toEqual(['mlserver', 'triton', 'vllm']);
      expect(new Set(fleet.tenants.map((tenant) => tenant.isolation)).size).toBeGreaterThan(1);
      expect(new Set(fleet.models.map((model) => model.replicas))).toEqual(new Set([1, 2, 3, 4]));
      const prices = new Map(fleet.pools.map((pool) => [pool.name, pool.podPriceMicrosPerHour]));
      const { shards, bound } = pack({ fleet });
      const cost = shards.reduce((sum, shard) => sum + shard.replicas * (prices.get(shard.pool) ?? 0), 0);
      const simple = firstFitDecreasing(fleet);
      expect(cost).toBeLessThanOrEqual(simple.podCostMicrosPerHour);
      expect(simple.podCostMicrosPerHour).toBeLessThan(oneServerAModel(fleet).podCostMicrosPerHour);
      expect(simple.podCostMicrosPerHour).toBeGreaterThanOrEqual(bound.podCostMicrosPerHour);
    });
  });
});
