import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';
import { verifyPlan } from '../../src/verify/verify';
import { lockedFrom } from '../pack/support';
import { fleetInputs, splitFleet } from '../support/fleets';
import { copyOf, example, found, planned } from './support';

describe('verify', () => {
  it('accepts the plan of any fleet', () => {
    fc.assert(
      fc.property(fleetInputs(), (input) => {
        const { fleet, plan } = planned(input);
        expect(found(fleet, copyOf(plan))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('accepts plans made against a lockfile, with models added, removed and resized', () => {
    const changed = fleetInputs({ minModels: 2 }).chain((input) =>
      fc.tuple(
        fc.integer({ min: 1, max: (input.models ?? []).length }).map((kept) => splitFleet(input, kept)),
        fc.boolean(),
        fc.nat(2000),
        fc.constantFrom('stable' as const, 'repack' as const),
      ),
    );
    fc.assert(
      fc.property(changed, ([{ before, after }, backwards, growth, mode]) => {
        const [from, to] = backwards ? [after, before] : [before, after];
        const was = planned(from);
        const prior = lockedFrom(was.fleet, was.packing);
        const models = (to.models ?? []).map((model, i) => (i === 0 ? { ...model, memory: `${growth + 1}Mi` } : model));
        const fleet = defineFleet({ ...to, models });
        const plan = makePlan(fleet, pack({ fleet, prior, mode }), prior);
        expect(found(fleet, copyOf(plan), prior)).toEqual([]);
        // Without the lockfile there is less to derive, and nothing to find.
        expect(found(fleet, copyOf(plan))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('says what it went through', () => {
    const { fleet, plan } = planned(example);
    const { ok, checked } = verifyPlan(fleet, copyOf(plan));
    expect({ ok, checked }).toEqual({ ok: true, checked: { models: 10, shards: plan.shards.length, classes: 5 } });
  });

  it('ignores fields and minor versions that it does not know', () => {
    const { fleet, plan } = planned(example);
    expect(found(fleet, { ...copyOf(plan), formatVersion: '1.7', extra: [1] })).toEqual([]);
  });

  it('refuses the plan of another fleet, and names at most 100 places', () => {
    const names = Array.from({ length: 300 }, (_, i) => `m${i}`);
    const models = names.map((name) => ({ name, format: 'sklearn', storageUri: `s3://models/${name}` }));
    const { plan } = planned({ ...example, models });
    const { fleet } = planned(example);
    const { ok, findings } = verifyPlan(fleet, copyOf(plan));
    expect(ok).toBe(false);
    expect(findings).toHaveLength(101);
    expect(findings[100]?.message).toMatch(/^\d+ more findings are not listed$/);
  });
});
