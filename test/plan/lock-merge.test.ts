import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedModel, LockedPlacement, LockedShard } from '../../src/pack/packing';
import { mergeLocks } from '../../src/plan/lock-merge';
import { formatLockfile, lockOf, parseLockfile } from '../../src/plan/lockfile';
import { fleetInputs, modelKeys } from '../support/fleets';

const shard = (id: string, more: Partial<LockedShard> = {}): LockedShard => ({
  id,
  pool: 'l4',
  runtime: 'triton',
  base: null,
  group: 'shared',
  replicas: 1,
  ...more,
});
const model = (name: string, shard: string, memoryBytes = 1): LockedModel => ({
  key: `default/${name}@1`,
  shards: [shard],
  acceleratorMemoryBytes: 0,
  memoryBytes,
});
const lock = (shards: LockedShard[], models: LockedModel[]): LockedPlacement => ({ shards, models });

function lockFor(input: FleetInput, models: readonly ModelInput[], prior?: LockedPlacement): LockedPlacement {
  const fleet = defineFleet({ ...input, models });
  return lockOf(fleet, pack({ fleet, ...(prior === undefined ? {} : { prior }) }));
}

describe('mergeLocks', () => {
  it('keeps all models of two branches that each add some, each where its branch put it', () => {
    fc.assert(
      fc.property(fleetInputs({ minModels: 3, maxModels: 30 }), fc.nat(), fc.nat(), (input, a, b) => {
        const models = input.models ?? [];
        const kept = 1 + (a % (models.length - 2));
        const cut = kept + (b % (models.length - kept));
        const base = lockFor(input, models.slice(0, kept));
        const ours = lockFor(input, models.slice(0, cut), base);
        const theirs = lockFor(input, [...models.slice(0, kept), ...models.slice(cut)], base);
        const { merged, notes } = mergeLocks(base, ours, theirs);
        expect(merged.models.map(({ key }) => key)).toEqual(modelKeys(input));
        const homes = new Map(merged.models.map(({ key, shards }) => [key, shards.join()]));
        for (const { key, shards } of ours.models) expect(homes.get(key)).toBe(shards.join());
        if (notes.length === 0) for (const { key, shards } of theirs.models) expect(homes.get(key)).toBe(shards.join());
        expect(parseLockfile(formatLockfile(merged))).toEqual(merged);
        const { merged: back } = mergeLocks(base, theirs, ours);
        expect(back.models.map(({ key }) => key)).toEqual(modelKeys(input));
      }),
      { numRuns: 40 },
    );
  });

  it('takes what one side alone did', () => {
    const base = lock([shard('sa'), shard('sb')], [model('a', 'sa'), model('b', 'sb'), model('c', 'sb')]);
    const ours = lock([shard('sa'), shard('sb')], [model('a', 'sa', 5), model('c', 'sb')]);
    const theirs = lock(
      [shard('sa', { replicas: 3 }), shard('sb')],
      [model('a', 'sb'), model('b', 'sb'), model('c', 'sa')],
    );
    expect(mergeLocks(base, ours, theirs)).toEqual({
      merged: lock([shard('sa', { replicas: 3 }), shard('sb')], [model('a', 'sb', 5), model('c', 'sa')]),
      notes: [],
    });
  });

  it('gives the side itself where the other changed nothing', () => {
    const base = lock([shard('sa')], [model('a', 'sa')]);
    const ours = lock([shard('sb')], [model('a', 'sb'), model('b', 'sb')]);
    expect(mergeLocks(base, ours, base)).toEqual({ merged: ours, notes: [] });
    expect(mergeLocks(base, base, ours)).toEqual({ merged: ours, notes: [] });
    expect(mergeLocks(ours, base, base)).toEqual({ merged: base, notes: [] });
  });

  it('keeps ours where both moved a model, and says so', () => {
    const base = lock([shard('sa')], [model('a', 'sa')]);
    const ours = lock([shard('sb')], [model('a', 'sb')]);
    const theirs = lock([shard('sc')], [model('a', 'sc')]);
    const { merged, notes } = mergeLocks(base, ours, theirs);
    expect(merged).toEqual(ours);
    expect(notes).toEqual(['default/a@1 was placed on both sides: it stays in our sb, not in their sc']);
  });

  it('keeps a model that one side removed and the other changed, with its shard', () => {
    const base = lock([shard('sa'), shard('sb')], [model('a', 'sa'), model('b', 'sb')]);
    const ours = lock([shard('sb')], [model('b', 'sb')]);
    const theirs = lock([shard('sa'), shard('sb')], [model('a', 'sa', 9), model('b', 'sb')]);
    const { merged, notes } = mergeLocks(base, ours, theirs);
    expect(merged).toEqual(theirs);
    expect(notes).toHaveLength(1);
  });

  it('keeps a shard that one side emptied and the other filled', () => {
    const base = lock([shard('sa'), shard('sb')], [model('a', 'sa'), model('b', 'sb')]);
    const ours = lock([shard('sb')], [model('b', 'sb')]);
    const theirs = lock([shard('sa'), shard('sb')], [model('a', 'sa'), model('b', 'sb'), model('new', 'sa')]);
    expect(mergeLocks(base, ours, theirs).merged).toEqual(
      lock([shard('sa'), shard('sb')], [model('b', 'sb'), model('new', 'sa')]),
    );
  });

  it('gives their shard another id where both added one for different content', () => {
    const base = lock([shard('sa')], [model('a', 'sa')]);
    const ours = lock([shard('sa'), shard('sn')], [model('a', 'sa'), model('o', 'sn')]);
    const theirs = lock(
      [shard('sa'), shard('sn', { runtime: 'vllm', base: 'b' })],
      [model('a', 'sa'), model('t', 'sn')],
    );
    const { merged, notes } = mergeLocks(base, ours, theirs);
    const home = new Map(merged.models.map(({ key, shards }) => [key, shards.join()]));
    expect(home.get('default/o@1')).toBe('sn');
    const moved = merged.shards.find(({ id }) => id === home.get('default/t@1'));
    expect(moved).toMatchObject({ runtime: 'vllm', base: 'b' });
    expect(moved?.id).not.toBe('sn');
    expect(notes).toHaveLength(1);
    expect(() => parseLockfile(formatLockfile(merged))).not.toThrow();
  });

  it('raises replicas to the higher of both sides, and keeps our pool', () => {
    const base = lock([shard('sa')], [model('a', 'sa')]);
    const ours = lock([shard('sa', { replicas: 2, pool: 'a100' })], [model('a', 'sa')]);
    const theirs = lock([shard('sa', { replicas: 4, pool: 'cpu' })], [model('a', 'sa')]);
    const { merged, notes } = mergeLocks(base, ours, theirs);
    expect(merged.shards).toEqual([shard('sa', { replicas: 4, pool: 'a100' })]);
    expect(notes).toHaveLength(1);
  });
});
