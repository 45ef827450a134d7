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
import { inCopies } from '../support/in-copies';
import { placed } from './placed';

const input: FleetInput = {
  name: 'small',
  packing: { layout: 'equal' },
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
      isolation: 'shared',
      copies: 2,
      copiesAsked: 1,
      shards: [{ pool: 'cpu', replicas: 2, models: 3 }],
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
    const gone = { shards: [], models: locked.models.map((model) => ({ ...model, shards: ['sgone'] })) };
    expect(explained('alpha', gone).why[0]).toBe('It moves from sgone, as that shard is gone.');
  });

  it('tells of every shard of a model that is in several', () => {
    const packing = placed(fleet, {
      'default/alpha@1': ['sa', 'sb'],
      'default/beta@1': ['sa', 'sb', 'sd'],
      'team/beta@2': ['sb'],
      'vault/gamma@1': ['sc'],
    });
    const alone = placed(fleet, { 'default/alpha@1': ['sa', 'sb'], 'default/beta@1': ['sa', 'sz'] });
    const prior = lockOf({ ...fleet, models: fleet.models.slice(0, 2) }, alone);
    const explanation = explainModel(fleet, makePlan(fleet, packing, prior), 'beta@1');
    expect(explanation.shards.map(({ shard, models }) => [shard, models])).toEqual([
      ['sa', 2],
      ['sb', 3],
      ['sd', 1],
    ]);
    expect([explanation.copies, explanation.copiesAsked]).toEqual([3, 1]);
    expect(explanation.sharesWith.first).toEqual(['default/alpha@1', 'team/beta@2']);
    const why = explanation.why.join('\n');
    expect(why).toContain('A copy moves from sz to sb, as that shard is gone.');
    expect(why).toContain('The lockfile has it in 2 shards; it is in 3 shards now.');
    expect(why).toContain('gets 3: its load needs as many');
    expect(why).toContain('its shards are on cpu.');
    expect(why).toMatch(/Of its shards sb is fullest in memory: \d/);
    const kept = explainModel(fleet, makePlan(fleet, packing, prior), 'alpha');
    expect(kept.why[0]).toBe('The lockfile has it in sa, sb, and it still fits there.');
    expect(explainModel(fleet, makePlan(fleet, packing, prior), 'gamma').why[0]).toContain('this one was added');
    const fresh = explainModel(fleet, makePlan(fleet, packing, { shards: prior.shards, models: [] }), 'beta@1');
    expect(fresh.why[0]).toBe('It is new, and 1 of its 3 shards had to be added for want of room.');
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
      fc.property(fleetInputs({ maxModels: 15 }), fc.boolean(), (declared, copied) => {
        const any = defineFleet(declared);
        const packing = pack({ fleet: any });
        const plan = makePlan(any, copied ? inCopies(packing) : packing);
        for (const model of any.models) {
          const explanation = explainModel(any, plan, model.key);
          const holders = plan.shards.filter(({ models }) => models.includes(model.key));
          expect(explanation.shards.map(({ shard }) => shard)).toEqual(holders.map(({ id }) => id));
          const others = new Set(holders.flatMap(({ models }) => models));
          expect(explanation.sharesWith.models).toBe(others.size - 1);
          const copies = holders.reduce((sum, { replicas }) => sum + replicas, 0);
          expect(explanation.copies).toBe(copies);
          for (const { pool: name, takes } of explanation.shards) {
            const pool = any.pools.find((candidate) => candidate.name === name);
            const runtime = any.runtimes.find((candidate) => candidate.name === model.runtime);
            if (pool === undefined || runtime === undefined) throw new Error('not in the plan');
            expect(takes).toEqual(modelDemand(model, pool, runtime, copies));
          }
          expect(explanation.why.length).toBeGreaterThanOrEqual(3);
        }
      }),
      { numRuns: 30 },
    );
  });
});
