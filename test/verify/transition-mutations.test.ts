import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { type CopyAt, type Transition, transitionOf, type Wave } from '../../src/plan/transition';
import { verifyTransition } from '../../src/verify/check-transition';
import { churnedFleets, scatteredLock } from '../support/churn';

/** A transition changed in one place; null where there is nothing of the kind to change. */
type Mutation = (transition: Transition, pick: (length: number) => number) => Transition | null;

const lists = ['load', 'resize', 'unload'] as const;

function inWave(transition: Transition, at: number, change: (wave: Wave) => Wave | null): Transition | null {
  const wave = transition.waves[at];
  const changed = wave === undefined ? null : change(wave);
  if (changed === null) return null;
  return { ...transition, waves: transition.waves.map((own, i) => (i === at ? changed : own)) };
}

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, i) => i !== at);
}

const mutations: Readonly<Record<string, Mutation>> = Object.fromEntries<Mutation>([
  ...lists.flatMap((name): [string, Mutation][] => [
    [
      `one ${name} left out`,
      (transition, pick) =>
        inWave(transition, pick(transition.waves.length), (wave) =>
          wave[name].length === 0 ? null : { ...wave, [name]: without(wave[name], pick(wave[name].length)) },
        ),
    ],
    [
      `one ${name} twice`,
      (transition, pick) =>
        inWave(transition, pick(transition.waves.length), (wave) =>
          wave[name].length === 0 ? null : { ...wave, [name]: [...wave[name], wave[name][pick(wave[name].length)]] },
        ),
    ],
    [
      `one ${name} in a shard that is not there`,
      (transition, pick) =>
        inWave(transition, pick(transition.waves.length), (wave) => {
          const at = pick(wave[name].length);
          const copy = wave[name][at];
          if (copy === undefined) return null;
          return { ...wave, [name]: [...without(wave[name], at), { ...copy, shard: `${copy.shard}x` }] };
        }),
    ],
    [
      `one ${name} of a model that is not there`,
      (transition, pick) =>
        inWave(transition, pick(transition.waves.length), (wave) => {
          const at = pick(wave[name].length);
          const copy = wave[name][at];
          if (copy === undefined) return null;
          return { ...wave, [name]: [...without(wave[name], at), { ...copy, model: 'nobody/nothing@1' }] };
        }),
    ],
  ]),
  ...(['start', 'stop'] as const).flatMap((name): [string, Mutation][] => [
    [
      `one ${name} left out`,
      (transition, pick) =>
        inWave(transition, pick(transition.waves.length), (wave) =>
          wave[name].length === 0 ? null : { ...wave, [name]: without(wave[name], pick(wave[name].length)) },
        ),
    ],
    [
      `one ${name} twice`,
      (transition, pick) =>
        inWave(transition, pick(transition.waves.length), (wave) =>
          wave[name].length === 0 ? null : { ...wave, [name]: [...wave[name], wave[name][0] as string] },
        ),
    ],
  ]),
  [
    'the last wave left out',
    (transition) => (transition.waves.length === 0 ? null : { ...transition, waves: transition.waves.slice(0, -1) }),
  ],
  [
    'an empty wave more',
    (transition) => ({
      ...transition,
      waves: [...transition.waves, { start: [], load: [], resize: [], unload: [], stop: [] }],
    }),
  ],
  [
    'a gap that is none',
    (transition) => ({
      ...transition,
      gaps: [...transition.gaps, { model: 'zz/nothing@1', from: 0, until: 1, copies: 0 }],
    }),
  ],
  ['gaps left out', (transition) => (transition.gaps.length === 0 ? null : { ...transition, gaps: [] })],
  [
    'an overload that is none',
    (transition) => ({ ...transition, overloads: [...transition.overloads, { wave: 99, shard: 'zz' }] }),
  ],
  ['overloads left out', (transition) => (transition.overloads.length === 0 ? null : { ...transition, overloads: [] })],
  [
    'a temporary shard that never starts',
    (transition) => ({
      ...transition,
      temporary: [
        ...transition.temporary,
        { id: 'szzzzzzz', pool: 'cpu', runtime: 'mlserver', base: null, group: 'shared' },
      ],
    }),
  ],
  [
    'temporary shards left out',
    (transition) => (transition.temporary.length === 0 ? null : { ...transition, temporary: [] }),
  ],
  ['a list that is none', (transition) => ({ ...transition, waves: {} as unknown as readonly Wave[] })],
  [
    'the unloads of a wave before its loads',
    (transition, pick) => {
      const at = pick(transition.waves.length);
      const wave = transition.waves[at];
      // Only where a copy waits for one of the same model: else the order says nothing.
      if (wave === undefined || !wave.unload.some((gone) => wave.load.some((come) => come.model === gone.model)))
        return null;
      const first: Wave = { start: [], load: [], resize: [], unload: wave.unload, stop: [] };
      const then: Wave = { ...wave, unload: [] };
      const waves = [...transition.waves.slice(0, at), first, then, ...transition.waves.slice(at + 1)];
      return { ...transition, waves };
    },
  ],
]);

describe('a transition that is changed in one place', () => {
  it('never passes', () => {
    const tried = new Map<string, number>();
    fc.assert(
      fc.property(
        churnedFleets(),
        fc.constantFrom('stable' as const, 'repack' as const),
        fc.boolean(),
        fc.array(fc.nat(1_000_000), { minLength: 8, maxLength: 8 }),
        ({ before, after, layout }, mode, tight, numbers) => {
          const made = (input: typeof before) =>
            defineFleet({
              ...input,
              packing: { ...input.packing, layout },
              pools: input.pools.map((pool) => (tight ? { ...pool, maxNodes: 2 } : pool)),
            });
          const old = made(before);
          const fleet = made(after);
          const prior = scatteredLock(old, lockOf(old, pack({ fleet: old })));
          const plan = makePlan(fleet, pack({ fleet, prior, mode }), prior);
          const transition = transitionOf(fleet, prior, plan);
          expect(verifyTransition(fleet, prior, plan, transition).findings).toEqual([]);
          for (const [name, mutate] of Object.entries(mutations)) {
            let next = 0;
            const pick = (length: number) => (length === 0 ? 0 : (numbers[next++ % numbers.length] ?? 0) % length);
            const changed = mutate(transition, pick);
            if (changed === null) continue;
            tried.set(name, (tried.get(name) ?? 0) + 1);
            expect(verifyTransition(fleet, prior, plan, changed).ok, name).toBe(false);
          }
        },
      ),
      { numRuns: 120 },
    );
    expect([...tried.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(500);
  });

  it('does not make the checker throw, whatever it is', () => {
    const fleet = defineFleet({
      name: 'small',
      pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
      models: [{ name: 'a', format: 'sklearn', storageUri: 's3://models/a', memory: '1Gi' }],
    });
    const prior = lockOf(fleet, pack({ fleet }));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (plan, transition) => {
        expect(verifyTransition(fleet, prior, plan, transition).ok).toBe(false);
        const copy: CopyAt = { model: 'default/a@1', shard: 's' };
        const waves = [{ start: ['__proto__'], load: [copy], resize: [copy], unload: [copy], stop: ['s'] }];
        const strange = { waves, temporary: transition, gaps: [], overloads: [] };
        expect(verifyTransition(fleet, prior, { shards: plan }, strange).ok).toBe(false);
      }),
    );
  });
});
