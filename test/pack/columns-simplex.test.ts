import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastCover } from '../../src/pack/covering';
import { ColumnMaster } from '../../src/pack/simplex';

describe('the least cover', () => {
  const problem = fc.integer({ min: 1, max: 3 }).chain((pools) =>
    fc.record({
      price: fc.array(fc.nat(9), { minLength: pools, maxLength: pools }),
      rows: fc.array(
        fc.record({
          by: fc.array(fc.nat(6), { minLength: pools, maxLength: pools }),
          need: fc.integer({ min: -3, max: 20 }),
        }),
        { maxLength: 4 },
      ),
    }),
  );

  it('is what trying all counts finds', () => {
    fc.assert(
      fc.property(problem, ({ price, rows }) => {
        expect(leastCover(price, rows).cost).toBe(tryAll(price, rows));
      }),
      { numRuns: 500 },
    );
  });
});

function tryAll(
  price: readonly number[],
  rows: readonly { readonly by: readonly number[]; readonly need: number }[],
  counts: readonly number[] = [],
): number {
  if (counts.length === price.length) {
    const holds = rows.every(
      ({ by, need }) => by.reduce((sum, each, p) => sum + each * (counts[p] as number), 0) >= need,
    );
    return holds ? counts.reduce((sum, count, p) => sum + count * (price[p] as number), 0) : Number.POSITIVE_INFINITY;
  }
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count <= 20; count++) least = Math.min(least, tryAll(price, rows, [...counts, count]));
  return least;
}

describe('the simplex over columns', () => {
  const columns = fc.array(
    fc.record({
      cost: fc.integer({ min: 1, max: 50 }),
      values: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

  it('ends with equal primal and dual values, and prices that no column beats', () => {
    fc.assert(
      fc.property(columns, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }), (list, b) => {
        const master = new ColumnMaster(
          b,
          b.map(() => 1000),
        );
        for (const { cost, values } of list) master.add({ cost, rows: [0, 1, 2], values });
        for (let row = 0; row < 3; row++) master.add({ cost: 0, rows: [row], values: [-1] });
        master.solve(1000);
        const prices = [...master.duals];
        const dual = prices.reduce((sum, price, row) => sum + price * (b[row] as number), 0);
        expect(dual).toBeCloseTo(master.objective(), 6);
        for (const { cost, values } of list)
          expect(values.reduce((sum, value, row) => sum + value * (prices[row] as number), 0)).toBeLessThanOrEqual(
            cost + 1e-6,
          );
        for (const price of prices) expect(price).toBeGreaterThanOrEqual(-1e-6);
      }),
      { numRuns: 300 },
    );
  });
});
