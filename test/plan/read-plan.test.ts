import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { diffPlans } from '../../src/plan/diff-plans';
import { makePlan } from '../../src/plan/make-plan';
import { readPlan } from '../../src/plan/read-plan';
import { codesOf, findingsOf } from '../support/errors';
import { inCopies } from '../support/in-copies';

const fleet = defineFleet({
  name: 'small',
  packing: { layout: 'equal' },
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', maxNodes: 3 }],
  models: ['a', 'b'].map((name) => ({ name, format: 'sklearn', storageUri: `s3://models/${name}`, replicas: 2 })),
});
const packing = pack({ fleet });
const plan = makePlan(fleet, packing);
const json = JSON.stringify(plan);
const changed = (change: (plan: Record<string, unknown>) => void) => {
  const copy = JSON.parse(json) as Record<string, unknown>;
  change(copy);
  return JSON.stringify(copy);
};

describe('readPlan', () => {
  it('reads a plan, of a later minor too, with fields that it does not know', () => {
    expect(readPlan(json)).toEqual(plan);
    const later = changed((copy) => Object.assign(copy, { formatVersion: '1.7', more: { x: 1 } }));
    expect(readPlan(later).summary).toEqual(plan.summary);
  });

  it('reads and compares a plan of format 1.0, which had each model in one shard', () => {
    const old = changed((copy) => {
      copy.formatVersion = '1.0';
      delete (copy.summary as Record<string, unknown>).replicaSets;
      delete (copy.changes as Record<string, unknown>).copies;
    });
    const read = readPlan(old);
    expect(read).toEqual({ ...plan, formatVersion: '1.0' });
    expect(diffPlans(read, plan).changed).toBe(false);
    const spread = diffPlans(read, makePlan(fleet, inCopies(packing)));
    expect(spread.models.copies).toEqual(
      ['a', 'b'].map((name) => ({ model: `default/${name}@1`, before: 1, after: 2 })),
    );
    expect(codesOf(() => readPlan(old.replace('"1.0"', '"1.1"')))).toEqual(['STW3201', 'STW3201']);
  });

  it.each([
    ['no text', '', 'STW3201'],
    ['text', 'Plan: 2 models', 'STW3201'],
    ['a list', '[]', 'STW3201'],
    ['null', 'null', 'STW3201'],
    ['another document', '{"name":"fleet"}', 'STW3201'],
    ['a version that is no version', '{"formatVersion":1}', 'STW3201'],
    ['an old version', '{"formatVersion":"0.9"}', 'STW3201'],
    ['a later major', '{"formatVersion":"2.0"}', 'STW3202'],
    ['a field that is missing', changed((copy) => delete copy.summary), 'STW3201'],
    ['a field of another kind', changed((copy) => Object.assign(copy, { shards: {} })), 'STW3201'],
    ['columns of unequal length', json.replace(/"diskBytes":\[\d+,/, '"diskBytes":['), 'STW3201'],
    ['a size of 2^60', json.replace(/"diskBytes":\[\d+/, '"diskBytes":[1152921504606846976'), 'STW3201'],
    ['a negative count', json.replace('"nodes":1', '"nodes":-1'), 'STW3201'],
    ['a name of a prototype', '{"__proto__":{"formatVersion":"1.0"}}', 'STW3201'],
  ])('refuses %s', (_, text, code) => {
    const findings = findingsOf(() => readPlan(text, 'plan.json'));
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.location?.file).toBe('plan.json');
  });

  it('names what is wrong, up to a number that can be read', () => {
    const findings = findingsOf(() => readPlan('{"formatVersion":"1.0","shards":[{"id":7}]}'));
    expect(findings.map(({ message }) => message)).toContain('"shards[0].id" must be text, not 7');
    expect(findings.length).toBeLessThanOrEqual(21);
  });

  it('never throws anything but a coded error', () => {
    fc.assert(
      fc.property(fc.nat(json.length), fc.nat(40), fc.string(), (from, length, inserted) => {
        codesOf(() => readPlan(json.slice(0, from) + inserted + json.slice(from + length)));
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        codesOf(() => readPlan(JSON.stringify({ ...plan, shards: value, budgets: value, formatVersion: '1.0' })));
      }),
    );
  });
});
