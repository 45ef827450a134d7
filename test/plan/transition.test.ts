import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement, Packing } from '../../src/pack/packing';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { transitionOf, type Wave } from '../../src/plan/transition';
import { verifyTransition } from '../../src/verify/check-transition';
import { verifyPlan } from '../../src/verify/verify';
import { churnedFleets, scatteredLock } from '../support/churn';

const pool = { name: 'l4', cpu: 48, memory: '192Gi', accelerator: { kind: 'L4', memory: '20Gi', perNode: 4 } };

function model(name: string, gpuMemory: string, more: Partial<ModelInput> = {}): ModelInput {
  return { name, format: 'onnx', runtime: 'triton', storageUri: `s3://m/${name}`, gpuMemory, memory: '1Gi', ...more };
}

function fleetOf(models: readonly ModelInput[], more: Partial<FleetInput> = {}): Fleet {
  return defineFleet({ name: 'small', pools: [pool], models, packing: { layout: 'copies' }, ...more });
}

/** A packing with these models in these shards, and its lockfile. */
function placed(fleet: Fleet, shards: Readonly<Record<string, readonly string[]>>): [Packing, LockedPlacement] {
  const packing = pack({ fleet });
  const [like] = packing.shards;
  if (like === undefined) throw new TypeError('no shard');
  const own = Object.entries(shards).map(([id, names]) => ({
    ...like,
    id,
    replicas: 1,
    models: names.map((name) => `default/${name}@1`).sort(),
  }));
  const made = { ...packing, shards: own, evicted: [] };
  return [made, lockOf(fleet, made)];
}

function between(fleet: Fleet, before: Record<string, string[]>, after: Record<string, string[]>) {
  const [, prior] = placed(fleet, before);
  const [packing] = placed(fleet, after);
  const plan = makePlan(fleet, packing, prior);
  expect(verifyPlan(fleet, plan, prior).findings).toEqual([]);
  const transition = transitionOf(fleet, prior, plan);
  expect(verifyTransition(fleet, prior, plan, transition).findings).toEqual([]);
  return transition;
}

const at = (name: string, shard: string) => ({ model: `default/${name}@1`, shard });

describe('a transition', () => {
  const halves = ['a', 'b', 'c', 'd'].map((name) => model(name, '8Gi'));

  it('is empty where nothing changes', () => {
    const same = { s1: ['a', 'b'], s2: ['c', 'd'] };
    expect(between(fleetOf(halves), same, same)).toEqual({ waves: [], temporary: [], gaps: [], overloads: [] });
  });

  it('loads a copy before it unloads the other', () => {
    const { waves } = between(
      fleetOf(halves),
      { s1: ['a', 'b'], s2: ['c'], s3: ['d'] },
      { s1: ['a', 'b'], s2: ['c', 'd'] },
    );
    expect(waves).toEqual([{ start: [], load: [at('d', 's2')], resize: [], unload: [at('d', 's3')], stop: ['s3'] }]);
  });

  it('waits for the room that another move frees', () => {
    const { waves, temporary } = between(
      fleetOf(halves),
      { s1: ['a', 'b'], s2: ['c'], s3: ['d'] },
      { s1: ['a', 'd'], s2: ['b', 'c'] },
    );
    expect(waves.map((wave) => wave.load)).toEqual([[at('b', 's2')], [at('d', 's1')]]);
    expect(temporary).toEqual([]);
  });

  it('breaks a cycle by free room in a third shard', () => {
    const { waves, temporary, gaps } = between(
      fleetOf([...halves, model('e', '8Gi')]),
      { s1: ['a', 'b'], s2: ['c', 'd'], s3: ['e'] },
      { s1: ['a', 'c'], s2: ['b', 'd'], s3: ['e'] },
    );
    expect(waves.map((wave) => wave.load.map(({ shard }) => shard))).toEqual([['s3'], ['s1'], ['s2']]);
    expect([temporary, gaps]).toEqual([[], []]);
  });

  it('breaks a cycle by a temporary shard where no room is free', () => {
    const { waves, temporary, gaps } = between(
      fleetOf(halves),
      { s1: ['a', 'b'], s2: ['c', 'd'] },
      { s1: ['a', 'c'], s2: ['b', 'd'] },
    );
    expect(temporary).toHaveLength(1);
    expect(waves.flatMap((wave) => wave.stop)).toEqual([temporary[0]?.id]);
    expect(gaps).toEqual([]);
  });

  it('states a gap where no shard can start', () => {
    const one = { pools: [{ ...pool, maxNodes: 1, podsPerNode: 2 }] };
    const { temporary, gaps, waves } = between(
      fleetOf(halves, one),
      { s1: ['a', 'b'], s2: ['c', 'd'] },
      { s1: ['a', 'c'], s2: ['b', 'd'] },
    );
    expect(temporary).toEqual([]);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ from: 0, copies: 0 });
    expect(waves.length).toBeGreaterThan(1);
  });

  it('lets a model grow once there is room beside it', () => {
    const small = fleetOf(halves);
    const [, prior] = placed(small, { s1: ['a', 'b'], s2: ['c'], s3: ['d'] });
    const grown = fleetOf([model('a', '12Gi'), ...halves.slice(1)]);
    const [packing] = placed(grown, { s1: ['a'], s2: ['b', 'c'], s3: ['d'] });
    const plan = makePlan(grown, packing, prior);
    const transition = transitionOf(grown, prior, plan);
    expect(transition.waves.map((wave) => wave.resize)).toEqual([[], [at('a', 's1')]]);
    expect(verifyTransition(grown, prior, plan, transition).ok).toBe(true);
  });

  it('keeps apart what must not meet, also meanwhile', () => {
    const rivals = [
      model('a', '2Gi', { labels: { team: 'red' } }),
      model('b', '2Gi', { neverWith: ['team=red'] }),
      model('c', '2Gi'),
    ];
    const { waves } = between(fleetOf(rivals), { s1: ['a'], s2: ['b', 'c'] }, { s1: ['b'], s2: ['a', 'c'] });
    expect(waves.length).toBeGreaterThan(1);
  });

  it('is refused where the loads of two waves come at once, or a model meets what it must not', () => {
    const fleet = fleetOf([
      ...halves,
      model('r', '1Gi', { labels: { team: 'red' } }),
      model('w', '1Gi', { neverWith: ['team=red'] }),
    ]);
    const [, prior] = placed(fleet, { s1: ['a', 'b', 'r'], s2: ['c', 'w'], s3: ['d'] });
    const [packing] = placed(fleet, { s1: ['a', 'd', 'r'], s2: ['b', 'c', 'w'] });
    const plan = makePlan(fleet, packing, prior);
    const made = transitionOf(fleet, prior, plan);
    const codes = (waves: readonly Wave[]) =>
      verifyTransition(fleet, prior, plan, { ...made, waves }).findings.map(
        ({ code, message }) => `${code} ${message}`,
      );
    expect(codes(made.waves)).toEqual([]);
    const [first, second] = made.waves as [Wave, Wave];
    const together = {
      ...first,
      load: [...first.load, ...second.load],
      unload: [...first.unload, ...second.unload],
      stop: second.stop,
    };
    expect(codes([together])).toEqual([expect.stringContaining('STW2120 the pods of s1 hold')]);
    const met = { ...first, load: [...first.load, at('w', 's1')] };
    expect(codes([met, { ...second, unload: [...second.unload, at('w', 's1')] }])[0]).toContain('must not meet');
    const early = { ...first, load: [], unload: first.unload };
    expect(codes([early, { ...first, unload: [] }, second]).join()).toContain('gaps must list');
  });

  it('is proven between any two placements, by bounded moves or from nothing', () => {
    fc.assert(
      fc.property(
        churnedFleets(),
        fc.boolean(),
        fc.constantFrom('stable', 'repack'),
        ({ before, after, layout }, tight, mode) => {
          const inLayout = (input: FleetInput) =>
            defineFleet({
              ...input,
              packing: { ...input.packing, layout },
              pools: input.pools.map((one) => (tight ? { ...one, maxNodes: Math.max(2, one.maxNodes ?? 2) } : one)),
            });
          const old = inLayout(before);
          const fleet = inLayout(after);
          const prior = scatteredLock(old, lockOf(old, pack({ fleet: old })));
          const plan = makePlan(fleet, pack({ fleet, prior, mode: mode as 'stable' | 'repack' }), prior);
          const transition = transitionOf(fleet, prior, plan);
          expect(verifyTransition(fleet, prior, plan, transition).findings).toEqual([]);
          // The other layout's lockfile leads here, too.
          const other = layout === 'copies' ? 'equal' : 'copies';
          const elsewhere = defineFleet({ ...after, packing: { ...after.packing, layout: other } });
          const turned = makePlan(elsewhere, pack({ fleet: elsewhere, prior }), prior);
          expect(verifyTransition(elsewhere, prior, turned, transitionOf(elsewhere, prior, turned)).findings).toEqual(
            [],
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
