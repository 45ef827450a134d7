import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { fleetInputs, modelKeys, splitFleet } from '../support/fleets';
import { lockedFrom, of, placement } from './support';

/** CPU pods with room for about 7 GiB of models. */
const cpuFleet = (models: readonly ModelInput[], extra: Partial<FleetInput> = {}): FleetInput => ({
  name: 'small',
  pools: [{ name: 'cpu', cpu: 16, memory: '34Gi', podsPerNode: 4, pricePerNodeHour: 1 }],
  models,
  ...extra,
});

const sklearn = (name: string, mebibytes: number, extra: Partial<ModelInput> = {}): ModelInput => ({
  name,
  format: 'sklearn',
  storageUri: `s3://models/${name}`,
  memory: `${mebibytes}Mi`,
  disk: '1Mi',
  ...extra,
});

function repackedStably(before: FleetInput, after: FleetInput) {
  const was = defineFleet(before);
  const first = pack({ fleet: was });
  const second = pack({ fleet: defineFleet(after), prior: lockedFrom(was, first) });
  return { first, second };
}

describe('against a lockfile', () => {
  it('changes nothing where nothing changed', () => {
    fc.assert(
      fc.property(fleetInputs(), (input) => {
        const { first, second } = repackedStably(input, input);
        expect(second).toEqual({ ...first, evicted: [] });
      }),
    );
  });

  it('moves no model when others are added', () => {
    const cut = fleetInputs({ minModels: 2 }).chain((input) =>
      fc.integer({ min: 1, max: (input.models ?? []).length - 1 }).map((kept) => splitFleet(input, kept)),
    );
    fc.assert(
      fc.property(cut, ({ before, after }) => {
        const { first, second } = repackedStably(before, after);
        const now = placement(second);
        for (const [key, shard] of placement(first)) expect(now.get(key)).toBe(shard);
        expect(second.evicted).toEqual([]);
        expect([...now.keys()].sort()).toEqual(modelKeys(after));
      }),
    );
  });

  it('leaves gaps where models go', () => {
    const cut = fleetInputs({ minModels: 2 }).chain((input) =>
      fc.integer({ min: 1, max: (input.models ?? []).length - 1 }).map((kept) => splitFleet(input, kept)),
    );
    fc.assert(
      fc.property(cut, ({ before, after }) => {
        // Backwards: from all models to some of them.
        const { first, second } = repackedStably(after, before);
        const was = placement(first);
        for (const [key, shard] of placement(second)) expect(shard).toBe(was.get(key));
        expect(second.evicted).toEqual([]);
      }),
    );
  });

  it('fills a gap before it opens a shard', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const before = cpuFleet(names.map((name) => sklearn(name, 1700)));
    const after = cpuFleet([...names.slice(1), 'z'].map((name) => sklearn(name, 1700)));
    const { first, second } = repackedStably(before, after);
    expect(second.shards.length).toBe(first.shards.length);
    expect(placement(second).get('default/z@1')).toBe(placement(first).get('default/a@1'));
  });

  it('evicts the fewest models when one grows: as few as any choice of leavers would be', () => {
    const sizes = fc.array(fc.integer({ min: 50, max: 1500 }), { minLength: 3, maxLength: 9 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.integer({ min: 100, max: 3000 }), (all, pick, growth) => {
        const grown = pick % all.length;
        const before = cpuFleet(all.map((size, i) => sklearn(`m${i}`, size)));
        const after = cpuFleet(all.map((size, i) => sklearn(`m${i}`, size + (i === grown ? growth : 0))));
        const { first, second } = repackedStably(before, after);
        const was = placement(first);
        const home = of(was, `default/m${grown}@1`);
        const now = all
          .map((size, i) => ({ size: size + (i === grown ? growth : 0), shard: was.get(`default/m${i}@1`) }))
          .filter(({ shard }) => shard === home)
          .map(({ size }) => size + 1);
        expect(second.evicted.length).toBe(fewestLeavers(now, roomMebibytes));
      }),
    );
  });

  it('takes models out of a shard that no longer suits them, and only those', () => {
    const before = cpuFleet(['a', 'b', 'c', 'd'].map((name) => sklearn(name, 100)));
    const after = cpuFleet([
      ...['a', 'b', 'c'].map((name) => sklearn(name, 100)),
      sklearn('d', 100, { zones: ['east'] }),
    ]);
    const { first, second } = repackedStably(before, after);
    const [old] = first.shards;
    expect(second.evicted).toEqual([{ model: 'default/d@1', shard: old?.id, reason: 'class-changed' }]);
    expect(second.shards.find((shard) => shard.id === old?.id)?.models).toHaveLength(3);
  });

  it('never gives the name of a shard that ends to another one', () => {
    const pools: FleetInput['pools'] = [
      { name: 'one', cpu: 16, memory: '34Gi', pricePerNodeHour: 1 },
      { name: 'two', cpu: 16, memory: '34Gi', pricePerNodeHour: 1 },
    ];
    const before = cpuFleet([sklearn('a', 100, { pools: ['one'] })], { pools });
    const after = cpuFleet([sklearn('a', 100, { pools: ['two'] })], { pools });
    const { first, second } = repackedStably(before, after);
    expect(second.evicted).toHaveLength(1);
    expect(second.shards[0]?.id).not.toBe(first.shards[0]?.id);
  });

  it('raises the replicas of a shard in place when all its models ask for more', () => {
    const models = (replicas: number) =>
      cpuFleet(
        ['a', 'b'].map((name) => sklearn(name, 100, { replicas })),
        { packing: { layout: 'equal' } },
      );
    const { first, second } = repackedStably(models(1), models(3));
    expect(second.evicted).toEqual([]);
    expect(second.shards).toEqual(first.shards.map((shard) => ({ ...shard, replicas: 3 })));
  });

  it('a repack keeps the names of shards that keep their models', () => {
    fc.assert(
      fc.property(fleetInputs(), (input) => {
        const fleet = defineFleet(input);
        const first = pack({ fleet });
        const again = pack({ fleet, prior: lockedFrom(fleet, first), mode: 'repack' });
        expect(again).toEqual(first);
      }),
      { numRuns: 50 },
    );
  });

  it('does not depend on the order of the lockfile', () => {
    const cut = fleetInputs({ minModels: 3 }).chain((input) =>
      fc.integer({ min: 1, max: (input.models ?? []).length - 1 }).map((kept) => splitFleet(input, kept)),
    );
    fc.assert(
      fc.property(cut, ({ before, after }) => {
        const fleet = defineFleet(before);
        const prior = lockedFrom(fleet, pack({ fleet }));
        const reversed = { shards: [...prior.shards].reverse(), models: [...prior.models].reverse() };
        const grown = defineFleet(after);
        expect(JSON.stringify(pack({ fleet: grown, prior: reversed }))).toBe(
          JSON.stringify(pack({ fleet: grown, prior })),
        );
      }),
      { numRuns: 50 },
    );
  });
});

/** Memory for models of a pod of `cpuFleet`: its share of the node less agent, server and /dev/shm. */
const roomMebibytes = Math.floor((34 * 1024 * 19) / 80) - 128 - 512 - 64;

/** By brute force: how few models must leave for the others to fit. */
function fewestLeavers(sizes: readonly number[], room: number): number {
  let fewest = sizes.length;
  for (let stay = 0; stay < 1 << sizes.length; stay++) {
    let total = 0;
    let leavers = 0;
    sizes.forEach((size, i) => {
      if (stay & (1 << i)) total += size;
      else leavers++;
    });
    if (total <= room) fewest = Math.min(fewest, leavers);
  }
  return fewest;
}
