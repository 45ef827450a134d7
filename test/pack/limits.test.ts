import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { Shard } from '../../src/pack/packing';
import { pods } from './support';

/** Three CPU pools of different size and price; the last one has no end, so that a packing within limits exists. */
const pools = fc
  .record({
    cheapNodes: fc.integer({ min: 0, max: 3 }),
    middleNodes: fc.integer({ min: 0, max: 3 }),
    cheap: fc.integer({ min: 1, max: 100 }),
    middle: fc.integer({ min: 1, max: 100 }),
    open: fc.integer({ min: 1, max: 100 }),
  })
  .map(({ cheapNodes, middleNodes, cheap, middle, open }): FleetInput['pools'] => [
    { name: 'a', cpu: 16, memory: '32Gi', podsPerNode: 2, maxNodes: cheapNodes, pricePerNodeHour: cheap },
    { name: 'b', cpu: 16, memory: '64Gi', podsPerNode: 4, maxNodes: middleNodes, pricePerNodeHour: middle },
    { name: 'c', cpu: 16, memory: '64Gi', podsPerNode: 2, pricePerNodeHour: open },
  ]);

const models = fc.array(
  fc.record({
    memory: fc.integer({ min: 100, max: 13_000 }),
    replicas: fc.integer({ min: 1, max: 3 }),
    tenant: fc.constantFrom('default', 'vault', 'safe'),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('pools with a limit', () => {
  it('are not overfilled while another pool has room', () => {
    fc.assert(
      fc.property(pools, models, (declared, list) => {
        const fleet = defineFleet({
          name: 'limits',
          pools: declared,
          tenants: [
            { name: 'vault', isolation: 'node' },
            { name: 'safe', isolation: 'node' },
          ],
          models: list.map(
            (model, i): ModelInput => ({
              name: `m${i}`,
              format: 'sklearn',
              storageUri: 's3://models/m',
              disk: '1Mi',
              ...model,
              memory: `${model.memory}Mi`,
            }),
          ),
        });
        expect(overfull(fleet, pack({ fleet }).shards)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('keep hard budgets of one kind of accelerator while another has room', () => {
    const fleet = gpuFleet({ L4: 2 });
    const shards = pack({ fleet }).shards;
    expect(pods(shards.filter((shard) => shard.pool === 'l4'))).toBeLessThanOrEqual(2);
  });

  it('are passed where nothing else is left, so that the plan can show by how much', () => {
    const fleet = defineFleet({
      name: 'full',
      pools: [{ name: 'a', cpu: 16, memory: '32Gi', podsPerNode: 1, maxNodes: 1 }],
      models: Array.from({ length: 6 }, (_, i) => ({
        name: `m${i}`,
        format: 'sklearn',
        storageUri: 's3://models/m',
        disk: '1Mi',
        memory: '20Gi',
      })),
    });
    const { shards } = pack({ fleet });
    expect(shards).toHaveLength(6);
    expect(overfull(fleet, shards)).toEqual(['a']);
  });
});

/** Models that may run on either of two kinds of accelerator, the first one cheaper. */
function gpuFleet(gpus: Record<string, number>): Fleet {
  return defineFleet({
    name: 'gpus',
    pools: [
      { name: 'l4', accelerator: { kind: 'L4', memory: '23034Mi' }, cpu: 16, memory: '64Gi', pricePerNodeHour: 1 },
      { name: 'a10', accelerator: { kind: 'A10', memory: '23034Mi' }, cpu: 16, memory: '64Gi', pricePerNodeHour: 2 },
    ],
    budgets: { gpus },
    models: Array.from({ length: 12 }, (_, i) => ({
      name: `m${i}`,
      format: 'onnx',
      storageUri: 's3://models/m',
      gpuMemory: '9Gi',
      memory: '1Gi',
      disk: '1Mi',
    })),
  });
}

/** Pools with more nodes than they may have; groups with nodes of their own count apart. */
function overfull(fleet: Fleet, shards: readonly Shard[]): readonly string[] {
  return fleet.pools.flatMap(({ name, maxNodes, podsPerNode }) => {
    const owners = new Map<string, number>();
    for (const shard of shards)
      if (shard.pool === name) {
        const owner = shard.nodeIsolated ? shard.group : '';
        owners.set(owner, (owners.get(owner) ?? 0) + shard.replicas);
      }
    const nodes = [...owners.values()].reduce((sum, count) => sum + Math.ceil(count / podsPerNode), 0);
    return maxNodes !== null && nodes > maxNodes ? [name] : [];
  });
}
