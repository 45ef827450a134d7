import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { antiCorrelated, type Instance, quarterToHalf, triplets, uniform } from '../../bench/pack/instances';
import { classContext } from '../../src/pack/class-context';
import { packTail } from '../../src/pack/exact/pack-tail';
import { priceOf, type TailBin, type TailProblem, type TailType } from '../../src/pack/exact/tail';
import { sharingClasses } from '../../src/pack/sharing';

/** Each item where it first fits, in its turn, into bins of the type that is cheapest alone. */
function firstFit(problem: TailProblem): TailBin[] {
  const bins: { type: number; items: number[] }[] = [];
  for (let i = 0; i < problem.count; i++) {
    const home = bins.find((bin) => holds(problem, { type: bin.type, items: [...bin.items, i] }));
    if (home !== undefined) home.items.push(i);
    else bins.push({ type: problem.types.findIndex((type) => type.allowed[i] === 1), items: [i] });
  }
  return bins;
}

function holds(problem: TailProblem, bin: TailBin): boolean {
  const { need, capacity, allowed } = problem.types[bin.type] as TailType;
  const meets = bin.items.some((i, k) => bin.items.slice(k + 1).some((j) => problem.apart?.(i, j)));
  return (
    !meets &&
    bin.items.every((i) => allowed[i] === 1) &&
    Array.from(capacity).every(
      (room, a) => bin.items.reduce((sum, i) => sum + (need[i * capacity.length + a] as number), 0) <= room,
    )
  );
}

function isPacking(problem: TailProblem, bins: readonly TailBin[]): void {
  for (const bin of bins) expect(holds(problem, bin)).toBe(true);
  const items = bins.flatMap((bin) => bin.items).sort((a, b) => a - b);
  expect(items).toEqual(Array.from({ length: problem.count }, (_, i) => i));
}

/** Accelerator memory and time of a fleet of one class and one pool. */
function problemOf({ fleet }: Instance): TailProblem {
  const [sharing] = sharingClasses(fleet);
  if (sharing === undefined) throw new Error('no class');
  const capacity = [...classContext(fleet, sharing).capacity.values()][0] as number[];
  const needs = sharing.models.flatMap((model) => [model.footprint.acceleratorMemoryBytes, model.load.microDuty]);
  const loaded = sharing.models.some((model) => model.load.microDuty > 0);
  return {
    count: sharing.models.length,
    types: [
      {
        price: 1,
        capacity: Float64Array.from(capacity.slice(0, loaded ? 2 : 1)),
        need: Float64Array.from(loaded ? needs : needs.filter((_, k) => k % 2 === 0)),
        allowed: new Uint8Array(sharing.models.length).fill(1),
      },
    ],
  };
}

describe('exact tail', () => {
  it.each([
    ['triplets of unique optimum', triplets(120, 1), 40],
    ['triplets', triplets(120, 2), 40],
    ['uniform sizes', uniform(120, 2), 49],
    ['sizes of a quarter to a half', quarterToHalf(120, 2), 47],
    ['two dimensions against each other', antiCorrelated(120, 3), 21],
    ['1,002 triplets', triplets(1000, 1), 334],
  ])('%s: reaches the optimum', (_, instance, optimum) => {
    const problem = problemOf(instance);
    const bins = packTail(problem, { start: firstFit(problem), floor: optimum, work: 40_000_000 });
    isPacking(problem, bins);
    expect(bins).toHaveLength(optimum);
  });

  const dimension = fc.record({ width: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 40 }) });
  const problems = dimension.chain(({ width, count }) =>
    fc
      .record({
        sizes: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: width * count, maxLength: width * count }),
        prices: fc.array(fc.integer({ min: 5, max: 20 }), { minLength: 1, maxLength: 3 }),
        kin: fc.option(fc.integer({ min: 2, max: 5 })),
        refused: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      })
      .map(({ sizes, prices, kin, refused }): TailProblem => {
        const types = prices.map((price, t) => ({
          price,
          capacity: new Float64Array(width).fill(100 - 15 * t),
          need: Float64Array.from(sizes, (size) => size),
          allowed: Uint8Array.from(refused, (no) => (no && t > 0 ? 0 : 1)),
        }));
        return { count, types, ...(kin === null ? {} : { apart: (i, j) => i % kin === 0 && j % kin === 0 }) };
      }),
  );

  it('always gives a packing, never a dearer one, and the same again', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const start = firstFit(problem);
        const request = { start, floor: 0, work: 4000 };
        const bins = packTail(problem, request);
        isPacking(problem, bins);
        expect(priceOf(problem, bins)).toBeLessThanOrEqual(priceOf(problem, start));
        expect(packTail(problem, request)).toEqual(bins);
      }),
      { numRuns: 150 },
    );
  });
});
