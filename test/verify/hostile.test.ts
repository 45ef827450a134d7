import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyPlan } from '../../src/verify/verify';
import { copyOf, example, found, planned } from './support';

const { fleet, plan } = planned(example);

describe('a value that is no plan', () => {
  it('is a finding, never a throw', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }), (value) => {
        expect(verifyPlan(fleet, value).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([undefined, null, 7, 'plan', [], {}, { formatVersion: '1' }, { formatVersion: '2.0' }, { formatVersion: 1 }])(
    '%j is refused',
    (value) => expect(found(fleet, value)).toEqual(['STW2106 formatVersion']),
  );

  it('with any part replaced is a finding, never a throw', () => {
    const names = Object.keys(plan) as (keyof typeof plan)[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, junk) => {
        if (name === 'warnings' && Array.isArray(junk)) return;
        expect(verifyPlan(fleet, { ...copyOf(plan), [name]: junk }).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('with any part of a shard replaced is a finding, never a throw', () => {
    const [first = {}, ...rest] = copyOf(plan).shards;
    const names = Object.keys(first);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, junk) => {
        if (isDeepStrictEqual((first as Record<string, unknown>)[name], junk)) return;
        const shards = [{ ...first, [name]: junk }, ...rest];
        expect(verifyPlan(fleet, { ...copyOf(plan), shards }).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes no field from a prototype', () => {
    const inherited = Object.create(copyOf(plan)) as unknown;
    expect(found(fleet, inherited)).toEqual(['STW2106 formatVersion']);
    const polluted = JSON.parse(JSON.stringify(plan).replace('"summary":', '"__proto__":')) as unknown;
    expect(verifyPlan(fleet, polluted).ok).toBe(false);
    expect(({} as { models?: unknown }).models).toBeUndefined();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1.5, -0.5, 0, -1, '1', null])(
    'refuses %s replicas',
    (replicas) => {
      const changed = copyOf(plan);
      Object.assign(changed.shards[0] ?? {}, { replicas });
      expect(found(fleet, changed)).toContain('STW2106 shards[0].replicas');
    },
  );

  it('adds up any number of replicas without losing digits', () => {
    const changed = copyOf(plan);
    for (const shard of changed.shards) shard.replicas = Number.MAX_SAFE_INTEGER;
    expect(verifyPlan(fleet, changed).ok).toBe(false);
  });

  it('refuses ids that are no names', () => {
    for (const id of ['', 'Upper', 'a b', '-a', '../../etc', 'a'.repeat(64), '__proto__']) {
      const changed = copyOf(plan);
      Object.assign(changed.shards[0] ?? {}, { id });
      expect(found(fleet, changed)).toContain('STW2106 shards[0].id');
    }
  });
});
