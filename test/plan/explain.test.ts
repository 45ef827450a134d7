import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelDemand } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement } from '../../src/pack/packing';
import { explainModel } from '../../src/plan/explain';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { findingsOf } from '../support/errors';
import { fleetInputs } from '../support/fleets';

const input: FleetInput = {
  name: 'small',
  pools: [
    { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1, zones: ['a', 'b'] },
    { name: 'big', cpu: 64, memory: '256Gi', pricePerNodeHour: 9 },
  ],
  tenants: [{ name: 'vault', isolation: 'node' }],
  models: [
    { name: 'alpha', replicas: 2 },
    { name: 'beta' },
    { name: 'beta', version: '2', tenant: 'team' },
    { name: 'gamma', tenant: 'vault', zones: ['a'], neverWith: ['team=red'], pools: ['cpu'] },
  ].map((model) => ({ format: 'sklearn', storageUri: 's3://models/m', memory: '1Gi', ...model })),
};
const fleet = defineFleet(input);
const locked = lockOf(fleet, pack({ fleet }));

function explained(key: string, prior?: LockedPlacement) {
  const packing = pack({ fleet, ...(prior === undefined ? {} : { prior }) });
  return explainModel(fleet, makePlan(fleet, packing, prior), key);
}

describe('explainModel', () => {
  it('says where a model is and with whom it shares', () => {
    const explanation = explained('default/beta@1');
    expect(explanation).toMatchObject({
      model: 'default/beta@1',
      pool: 'cpu',
      isolation: 'shared',
      replicas: 2,
      replicasAsked: 1,
      sharesWith: {
        models: 2,
        tenants: [
          { tenant: 'default', models: 1 },
          { tenant: 'team', models: 1 },
        ],
        first: ['default/alpha@1', 'team/beta@2'],
      },
    });
    const why = explanation.why.join('\n');
    expect(why).toContain('There is no lockfile');
    expect(why).toContain('It asks for 1 copy and gets 2');
    expect(why).toContain('cpu ($0.250 a pod and hour), big ($2.250 a pod and hour)');
    expect(why).toMatch(/fullest in memory: \d+\.\d%/);
  });

  it('says what keeps a model apart', () => {
    const { why, isolation, sharesWith } = explained('gamma');
    expect(isolation).toBe('node');
    expect(sharesWith.models).toBe(0);
    expect(why.join('\n')).toContain('of the group vault alone, which has nodes of its own');
    expect(why).toContain('It shares no pod with models labelled team=red.');
    expect(why).toContain('Its copies must be in the zones a.');
    expect(why).toContain('The pool cpu is the only one it may use.');
  });

  it('says what the lockfile had to do with it', () => {
    const [first] = explained('alpha', locked).why;
    expect(first).toMatch(/^The lockfile has it in s\w+, and it still fits there\.$/);
    const without = { ...locked, models: locked.models.filter(({ key }) => key !== 'team/beta@2') };
    expect(explained('team/beta', without).why[0]).toBe('It is new, and fills room that this shard had.');
    const alone = { ...locked, models: locked.models.filter(({ key }) => !key.startsWith('vault')) };
    expect(explained('gamma', alone).why[0]).toContain('this one was added');
    const gone = { shards: [], models: locked.models.map((model) => ({ ...model, shard: 'sgone' })) };
    expect(explained('alpha', gone).why[0]).toBe('It moves from sgone, as that shard is gone.');
  });

  it.each(['team/beta@2', 'beta@2', 'team/beta'])('finds team/beta@2 by %s', (key) => {
    expect(explained(key).model).toBe('team/beta@2');
  });

  it('refuses what it does not know or cannot tell apart, with what is meant', () => {
    const [several] = findingsOf(() => explained('beta'));
    expect([several?.code, several?.hint]).toEqual(['STW3302', 'Give one of: default/beta@1, team/beta@2.']);
    const hint = (key: string) => findingsOf(() => explained(key)).map(({ code, hint }) => [code, hint]);
    expect(hint('gama')).toEqual([['STW3301', 'Did you mean "vault/gamma@1"?']]);
    expect(hint('team/beta@3')).toEqual([['STW3301', 'Did you mean "team/beta@2"?']]);
    expect(findingsOf(() => explained('__proto__'))[0]?.code).toBe('STW3301');
    expect(findingsOf(() => explained('x'.repeat(100_000)))[0]?.message.length).toBeLessThan(200);
  });

  it('refuses a plan of another fleet', () => {
    const other = defineFleet({ ...input, models: (input.models ?? []).slice(0, 1) });
    const plan = makePlan(other, pack({ fleet: other }));
    expect(findingsOf(() => explainModel(fleet, plan, 'gamma'))[0]?.code).toBe('STW2101');
  });

  it('explains every model of any fleet, as the plan has it', () => {
    fc.assert(
      fc.property(fleetInputs({ maxModels: 15 }), (declared) => {
        const any = defineFleet(declared);
        const plan = makePlan(any, pack({ fleet: any }));
        for (const model of any.models) {
          const explanation = explainModel(any, plan, model.key);
          const shard = plan.shards.find(({ id }) => id === explanation.shard);
          const pool = any.pools.find(({ name }) => name === shard?.pool);
          const runtime = any.runtimes.find(({ name }) => name === model.runtime);
          if (shard === undefined || pool === undefined || runtime === undefined) throw new Error('not in the plan');
          expect(shard.models).toContain(model.key);
          expect(explanation.sharesWith.models).toBe(shard.models.length - 1);
          expect(explanation.takes).toEqual(modelDemand(model, pool, runtime, shard.replicas));
          expect(explanation.why.length).toBeGreaterThanOrEqual(3);
        }
      }),
      { numRuns: 30 },
    );
  });
});
