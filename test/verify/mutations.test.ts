import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement, Packing } from '../../src/pack/packing';
import { makePlan } from '../../src/plan/make-plan';
import { verifyPlan } from '../../src/verify/verify';
import { lockedFrom } from '../pack/support';
import { fleetInputs, splitFleet } from '../support/fleets';
import { inCopies } from '../support/in-copies';
import { copyOf, found } from './support';

/** One place in a JSON document. */
type Path = readonly (string | number)[];

/**
 * What the checker does not derive, or accepts in more than one form: notes for people; the argument named for a bound
 * (any that proves it); the minor version; the order of budgets and pools, which are found by name.
 */
const free = [/^warnings/, /^changes\.moved\.\d+\.reason$/, /\.(podsBy|costBy)$/, /^formatVersion$/];
const unordered = [
  /^budgets$/,
  /^pools$/,
  /^bound\.certificate\.classes$/,
  /\.weightings$/,
  /\.weightings\.\d+\.pools$/,
];

/** Shards of several pods; shards of one pod as the packer makes them; those of several pods taken apart. */
const layouts = {
  equal: (fleet: Fleet, prior?: LockedPlacement) => packed(fleet, 'equal', prior),
  copies: (fleet: Fleet, prior?: LockedPlacement) => packed(fleet, 'copies', prior),
  'equal, taken apart': (fleet: Fleet, prior?: LockedPlacement) => inCopies(packed(fleet, 'equal', prior)),
} as const;
type Layout = keyof typeof layouts;

function packed(fleet: Fleet, layout: 'copies' | 'equal', prior: LockedPlacement | undefined): Packing {
  return pack({ fleet: { ...fleet, packing: { ...fleet.packing, layout } }, ...(prior ? { prior } : {}) });
}

/** Each layout against no lockfile and against those of all layouts: models are added, moved, in more or fewer shards. */
describe.each(Object.keys(layouts) as Layout[])('a plan in the layout %s with one thing changed', (layout) => {
  const cut = fleetInputs({ minModels: 3, maxModels: 20 }).chain((input) =>
    fc
      .record({
        kept: fc.integer({ min: 1, max: (input.models ?? []).length }),
        lock: fc.constantFrom(null, ...(Object.keys(layouts) as Layout[])),
        sets: fc.constantFrom(undefined, 1, 30),
      })
      .map(({ kept, lock, sets }) => {
        const { before, after } = splitFleet({ ...input, budgets: { ...input.budgets, replicaSets: sets } }, kept);
        const was = defineFleet(before);
        const prior = lock === null ? undefined : lockedFrom(was, layouts[lock](was));
        const fleet = defineFleet(after);
        const plan = makePlan(fleet, layouts[layout](fleet, prior), prior);
        return { fleet, prior, text: JSON.stringify(plan), places: placesOf(copyOf(plan)) };
      }),
  );

  it('never passes, and passes unchanged', () => {
    let tried = 0;
    fc.assert(
      fc.property(cut, fc.infiniteStream(fc.nat()), ({ fleet, prior, text, places }, choices) => {
        expect(found(fleet, JSON.parse(text), prior)).toEqual([]);
        const next = () => choices.next().value as number;
        for (let i = 0; i < 40; i++) {
          const place = places[next() % places.length] as Path;
          const mutated = JSON.parse(text) as unknown;
          if (!mutate(mutated, place, next) || JSON.stringify(mutated) === text) continue;
          tried++;
          if (verifyPlan(fleet, mutated, prior).ok)
            throw new Error(`passed with ${place.join('.')} changed to ${JSON.stringify(at(mutated, place))}`);
        }
      }),
      { numRuns: 80 },
    );
    expect(tried).toBeGreaterThan(2000);
  });
});

/** Every place below the root but the free ones. */
function placesOf(value: unknown, path: Path = []): Path[] {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, entry]) =>
          placesOf(entry, [...path, Array.isArray(value) ? Number(key) : key]),
        )
      : [];
  const here = path.length === 0 || free.some((pattern) => pattern.test(path.join('.'))) ? [] : [path];
  return [...here, ...below];
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step], value);
}

/** Changes one place: a number by a little, a list by an entry, anything to another type, or away. False: nothing to do. */
function mutate(plan: unknown, path: Path, next: () => number): boolean {
  const parent = at(plan, path.slice(0, -1)) as Record<string | number, unknown>;
  const step = path[path.length - 1] as string | number;
  const value = parent[step];
  const set = (changed: unknown): boolean => {
    parent[step] = changed;
    return true;
  };
  if (next() % 10 === 0) {
    if (Array.isArray(parent)) parent.splice(step as number, 1);
    else delete parent[step];
    return true;
  }
  if (next() % 10 === 0) return set([null, -1, '', [], {}, true, 1e300, '__proto__'][next() % 8]);
  if (typeof value === 'number') return set(value + ([1, -1, 2 ** 20, 0.5][next() % 4] ?? 1));
  if (typeof value === 'boolean') return set(!value);
  if (typeof value === 'string') return set(next() % 2 === 0 ? `${value}x` : value.slice(1));
  if (value === null) return set('something');
  if (!Array.isArray(value) || value.length === 0) return false;
  const i = next() % value.length;
  const j = next() % value.length;
  if (next() % 2 === 0) value.push(structuredClone(value[i]));
  else if (unordered.some((pattern) => pattern.test(path.join('.')))) return false;
  else [value[i], value[j]] = [value[j], value[i]];
  return true;
}
