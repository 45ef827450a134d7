import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelDemand } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet, Model } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { Eviction, LockedPlacement, MoveReason } from '../../src/pack/packing';
import { diffPlans } from '../../src/plan/diff-plans';
import { formatLockfile, lockOf, parseLockfile } from '../../src/plan/lockfile';
import { brokenBudgets, makePlan } from '../../src/plan/make-plan';
import type { Plan } from '../../src/plan/plan';
import { fleetInputs } from '../support/fleets';
import { inCopies } from '../support/in-copies';
import { placed } from './placed';

const MiB = 2 ** 20;
const names = ['a', 'b', 'c', 'd', 'e'];
const input: FleetInput = {
  name: 'small',
  pools: [
    { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1 },
    { name: 'fast', cpu: 16, memory: '64Gi', pricePerNodeHour: 3, speed: 2 },
  ],
  models: names.map((name, i) => ({
    name,
    format: 'sklearn',
    storageUri: `s3://models/${name}`,
    memory: '1Gi',
    disk: `${(i + 1) * 100}Mi`,
    requestsPerSecond: 10,
    cpuSecondsPerRequest: 0.012,
  })),
};
const fleet = defineFleet(input);
const key = (name: string) => `default/${name}@1`;
type Homes = Readonly<Record<string, readonly string[]>>;
const byKey = (homes: Homes): Homes => Object.fromEntries(Object.entries(homes).map(([name, ids]) => [key(name), ids]));
const some = (models: readonly string[]): Fleet => ({
  ...fleet,
  models: fleet.models.filter((model) => models.includes(model.key)),
});

/** The plan of `homes` for the models that it names, and its lockfile. */
function planned(homes: Homes, prior?: LockedPlacement, evicted: readonly Eviction[] = []) {
  const own = some(Object.keys(homes));
  const packing = placed(own, homes, {}, evicted);
  return { plan: makePlan(own, packing, prior), locked: lockOf(own, packing) };
}

function modelOf(name: string): Model {
  return fleet.models.find((model) => model.key === key(name)) as Model;
}

describe('a plan in copies', () => {
  it('is the same as of equal shards in all but the number of shards', () => {
    fc.assert(
      fc.property(fleetInputs({ maxModels: 25 }), (declared) => {
        const any = defineFleet({ ...declared, packing: { ...declared.packing, layout: 'equal' } });
        const packing = pack({ fleet: any });
        const equal = makePlan(any, packing);
        const copies = makePlan(any, inCopies(packing));
        expect({ ...copies.summary, shards: 0, replicaSets: 0 }).toEqual({
          ...equal.summary,
          shards: 0,
          replicaSets: 0,
        });
        expect(copies.summary.shards).toBe(equal.summary.shardPods);
        expect(copies.summary.replicaSets).toBe(equal.summary.shards);
        const fills = (plan: Plan) => plan.pools.map(({ shards: _, ...pool }) => pool);
        expect(fills(copies)).toEqual(fills(equal));
      }),
      { numRuns: 40 },
    );
  });

  it('gives each pod its part of the load of all copies, also where shards have several pods', () => {
    const homes = byKey({ a: ['sa', 'sb', 'sc'], b: ['sb'], c: ['sa'], d: ['sb', 'sc'], e: ['sb', 'sc'] });
    const packing = placed(fleet, homes, { sa: { replicas: 2 }, sc: { pool: 'fast' } });
    const { shards, summary } = makePlan(fleet, packing);
    const [cpu, fast] = fleet.pools;
    const runtime = fleet.runtimes.find(({ name }) => name === shards[0]?.runtime);
    if (cpu === undefined || fast === undefined || runtime === undefined) throw new Error('not declared');
    const takes = (name: string, pool: typeof cpu, copies: number) =>
      modelDemand(modelOf(name), pool, runtime, copies).cpuMillis;
    // 120 millicores in four copies: 30 of each pod, 15 of one twice as fast.
    expect([takes('a', cpu, 4), takes('a', fast, 4)]).toEqual([30, 15]);
    expect(shards.map(({ used }) => used.cpuMillis)).toEqual([
      takes('a', cpu, 4) + takes('c', cpu, 2),
      takes('a', cpu, 4) + takes('b', cpu, 1) + takes('d', cpu, 2) + takes('e', cpu, 2),
      takes('a', fast, 4) + takes('d', fast, 2) + takes('e', fast, 2),
    ]);
    expect(shards.map(({ used }) => used.models)).toEqual([2, 4, 3]);
    expect([summary.copies, summary.shardPods, summary.replicaSets]).toEqual([11, 4, 4]);
  });

  it('holds the number of replica sets against its budget, and one server each against none', () => {
    const limited = defineFleet({ ...input, budgets: { replicaSets: 2 } });
    const homes = byKey({ a: ['sa'], b: ['sa', 'sb'], c: ['sb'], d: ['sb'], e: ['sb'] });
    const plan = makePlan(limited, placed(limited, homes));
    expect(brokenBudgets(plan)).toEqual([
      { budget: 'replicaSets', unit: 'count', used: 3, limit: 2, headroom: -1, enforcement: 'hard', status: 'broken' },
    ]);
    expect(plan.baseline.limitsHit).toEqual([]);
  });
});

describe('changes of copies', () => {
  it('pairs the shards that a model left with those it came to, and counts the rest', () => {
    const before = planned(byKey({ a: ['sa', 'sb', 'sc'], b: ['sa', 'sb'], c: ['sa'], d: ['sa', 'sb'] }));
    const evicted = [{ model: key('a'), shard: 'sb', reason: 'no-longer-fits' as const }];
    const homes = byKey({ a: ['sa', 'sd', 'se'], b: ['sa'], c: ['sa', 'sd', 'se'], d: ['sd', 'se'], e: ['sa', 'sd'] });
    const { plan } = planned(homes, before.locked, evicted);
    expect(plan.changes).toEqual({
      against: 'lockfile',
      added: [key('e')],
      removed: [],
      moved: [
        { model: key('a'), from: 'sb', to: 'sd', reason: 'no-longer-fits' },
        { model: key('a'), from: 'sc', to: 'se', reason: 'shard-gone' },
        { model: key('d'), from: 'sa', to: 'sd', reason: 'repack' },
        { model: key('d'), from: 'sb', to: 'se', reason: 'shard-gone' },
      ],
      copies: [
        { model: key('b'), before: 2, after: 1 },
        { model: key('c'), before: 1, after: 3 },
      ],
      resized: [],
      shardsAdded: ['sd', 'se'],
      shardsRemoved: ['sb', 'sc'],
      moveBytes: (2 * 100 + 2 * 300 + 2 * 400 + 2 * 500) * MiB,
    });
    // Two models are forced to move, one of them with two copies.
    expect(plan.warnings.map(({ message }) => message).join()).toContain('2 models leave their shard');
    const { models, moveBytes, totals } = diffPlans(before.plan, plan);
    const { added, removed, moved, copies, resized } = plan.changes;
    expect(models).toEqual({ added, removed, moved, copies, resized });
    expect(moveBytes).toBe(plan.changes.moveBytes);
    expect(totals.find(({ total }) => total === 'replicaSets')).toMatchObject({ before: 3, after: 4 });
  });

  it('holds every moved copy against the budget of moves', () => {
    const limited = defineFleet({ ...input, budgets: { moves: 1 } });
    const to = (ids: readonly string[]) => placed(limited, Object.fromEntries(names.map((name) => [key(name), ids])));
    const plan = makePlan(limited, to(['sc', 'sd']), lockOf(limited, to(['sa', 'sb'])));
    expect(brokenBudgets(plan).map(({ budget, used }) => [budget, used])).toEqual([['moves', 10]]);
  });

  const ids = ['sa', 'sb', 'sc', 'sd', 'se', 'sf'];
  const homes = fc
    .tuple(...names.map(() => fc.option(fc.subarray(ids, { minLength: 1 }), { freq: 6 })))
    .map((lists) => byKey(Object.fromEntries(lists.flatMap((list, i) => (list ? [[names[i] ?? '', list]] : [])))))
    .filter((all) => Object.keys(all).length > 0);

  it('come out as counted one by one, from any placement to any other', () => {
    fc.assert(
      fc.property(homes, homes, fc.boolean(), (old, now, told) => {
        const before = planned(old);
        expect(parseLockfile(formatLockfile(before.locked))).toEqual(before.locked);
        const evicted = told
          ? Object.entries(old).flatMap(([model, list]) =>
              list.map((shard) => ({ model, shard, reason: 'unlocked' as MoveReason })),
            )
          : [];
        const { plan } = planned(now, before.locked, evicted);
        const { changes } = plan;
        const held = new Set(Object.values(now).flat());
        let bytes = 0;
        for (const model of Object.keys(now)) {
          const was = old[model];
          const is = now[model] ?? [];
          const came = is.filter((id) => was?.includes(id) !== true);
          bytes += came.length * (fleet.models.find((candidate) => candidate.key === model)?.footprint.diskBytes ?? 0);
          expect(changes.added.includes(model)).toBe(was === undefined);
          if (was === undefined) continue;
          const left = was.filter((id) => !is.includes(id));
          expect(changes.moved.filter((move) => move.model === model)).toEqual(
            left.slice(0, came.length).map((from, k) => {
              const guessed = held.has(from) ? 'repack' : 'shard-gone';
              return { model, from, to: came[k], reason: told ? 'unlocked' : guessed };
            }),
          );
          const change = { model, before: was.length, after: is.length };
          expect(changes.copies.filter((copies) => copies.model === model)).toEqual(
            was.length === is.length ? [] : [change],
          );
        }
        expect(changes.moveBytes).toBe(bytes);
        expect(changes.removed).toEqual(Object.keys(old).filter((model) => !(model in now)));
        const sets = new Set(Object.values(now).map((list) => list.join()));
        expect(plan.summary.replicaSets).toBe(sets.size);
        const { models, moveBytes } = diffPlans(before.plan, plan);
        expect(models).toEqual({
          added: changes.added,
          removed: changes.removed,
          moved: changes.moved,
          copies: changes.copies,
          resized: changes.resized,
        });
        expect(moveBytes).toBe(bytes);
      }),
      { numRuns: 300 },
    );
  });
});
