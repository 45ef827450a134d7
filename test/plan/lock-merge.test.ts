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
const model = (name: string, shards: string | string[], memoryBytes = 1): LockedModel => ({
  key: `default/${name}@1`,
  shards: [shards].flat(),
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

  const three = ['sa', 'sb', 'sc', 'sd', 'se'].map((id) => shard(id));
  const used = (models: LockedModel[]) =>
    lock(
      three.filter(({ id }) => models.some(({ shards }) => shards.includes(id))),
      models,
    );
  const merge = (base: string[], ours: string[], theirs: string[]) => {
    const [b, o, t] = [base, ours, theirs].map((ids) => used([model('a', ids)]));
    return mergeLocks(b as LockedPlacement, o as LockedPlacement, t as LockedPlacement);
  };

  it.each([
    ['each moved another copy', ['sa', 'sb'], ['sa', 'sc'], ['sb', 'sd'], ['sc', 'sd']],
    ['one moved a copy, the other added one', ['sa'], ['sb'], ['sa', 'sc'], ['sb', 'sc']],
    ['one added, the other took one away', ['sa', 'sb'], ['sa', 'sb', 'sc'], ['sa'], null],
    ['both moved the same copy', ['sa', 'sb'], ['sa', 'sc'], ['sa', 'sd'], null],
    ['both added one', ['sa'], ['sa', 'sb'], ['sa', 'sc'], null],
    ['both added the same', ['sa'], ['sa', 'sb'], ['sa', 'sb'], ['sa', 'sb']],
    ['each took another away', ['sa', 'sb'], ['sa'], ['sb'], null],
    ['both came to one shard', ['sa', 'sb'], ['sa', 'sc'], ['sb', 'sc'], null],
    ['both placed it anew', [], ['sa', 'sb'], ['sc'], null],
  ])('merges copy by copy: %s', (_, base, ours, theirs, expected) => {
    const { merged, notes } = merge(base, ours, theirs);
    expect(merged).toEqual(used([model('a', expected ?? ours)]));
    expect(notes).toHaveLength(expected === null ? 1 : 0);
  });

  it('renames a colliding shard in their lists, too, and keeps those sorted', () => {
    const base = lock([shard('sz')], [model('a', 'sz')]);
    const ours = lock([shard('sn'), shard('sz')], [model('a', 'sz'), model('o', ['sn', 'sz'])]);
    const their = [shard('sm'), shard('sn', { pool: 'a100' }), shard('sz')];
    const theirs = lock(their, [model('a', 'sz'), model('t', ['sm', 'sn', 'sz'])]);
    const { merged, notes } = mergeLocks(base, ours, theirs);
    const t = merged.models.find(({ key }) => key === 'default/t@1')?.shards ?? [];
    expect(t).toEqual([...t].sort());
    expect(t).toHaveLength(3);
    const fresh = t.find((id) => !['sm', 'sz'].includes(id));
    expect(merged.shards.find(({ id }) => id === fresh)?.pool).toBe('a100');
    expect(merged.shards.find(({ id }) => id === 'sn')?.pool).toBe('l4');
    expect(notes).toEqual([`both sides added a shard sn of their own: theirs is ${fresh} now`]);
    expect(parseLockfile(formatLockfile(merged))).toEqual(merged);
  });

  it('gives a lockfile that reads back, keeps every model, and never fewer copies than both sides have', () => {
    const ids = ['sa', 'sb', 'sc', 'sd', 'se'];
    const side = fc
      .tuple(...['a', 'b', 'c'].map(() => fc.option(fc.subarray(ids, { minLength: 1 }), { freq: 5 })))
      .map((lists) => used(lists.flatMap((list, i) => (list ? [model('abc'[i] as string, list)] : []))));
    fc.assert(
      fc.property(side, side, side, (base, ours, theirs) => {
        const { merged } = mergeLocks(base, ours, theirs);
        expect(parseLockfile(formatLockfile(merged))).toEqual(merged);
        for (const key of [...ours.models, ...theirs.models].map(({ key }) => key)) {
          const [o, t, b, m] = [ours, theirs, base, merged].map(({ models }) =>
            models.find((candidate) => candidate.key === key),
          );
          if (o === undefined || t === undefined) {
            if (b === undefined) expect(m).toEqual(o ?? t);
            continue;
          }
          const sizes = [o.shards.length, t.shards.length];
          expect(m?.shards.length).toBeGreaterThanOrEqual(Math.min(...sizes));
          expect(m?.shards.length).toBeLessThanOrEqual(Math.max(...sizes));
          for (const id of m?.shards ?? []) expect([...o.shards, ...t.shards]).toContain(id);
        }
      }),
      { numRuns: 500 },
    );
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
