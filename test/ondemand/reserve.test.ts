import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadedShare, reserveBytes } from '../../src/ondemand/reserve';

const items = fc.array(fc.record({ bytes: fc.oneof(fc.nat(1000), fc.nat(10), fc.nat(1e12)), loaded: fc.nat(65_536) }), {
  maxLength: 60,
});
const sum = (sizes: readonly { readonly bytes: number }[]) => sizes.reduce((total, { bytes }) => total + bytes, 0);

describe('the reserve', () => {
  it('is never more than all models, and holds any two of them', () => {
    fc.assert(
      fc.property(items, (set) => {
        const reserve = reserveBytes(set);
        const largest = [...set].sort((a, b) => b.bytes - a.bytes).slice(0, 2);
        expect(Number.isSafeInteger(reserve)).toBe(true);
        expect(reserve).toBeLessThanOrEqual(sum(set));
        expect(reserve).toBeGreaterThanOrEqual(sum(largest));
      }),
    );
  });

  it('of two sets together is at most that of both apart', () => {
    fc.assert(
      fc.property(items, items, (a, b) => {
        expect(reserveBytes([...a, ...b])).toBeLessThanOrEqual(reserveBytes(a) + reserveBytes(b));
      }),
      { numRuns: 1000 },
    );
  });

  it('grows with each model, with each size, and with the time that models stay', () => {
    const change = fc.record({ at: fc.nat(59), bytes: fc.nat(1000), loaded: fc.nat(1000) });
    fc.assert(
      fc.property(items, change, (set, { at, bytes, loaded }) => {
        const larger = set.map((item, i) =>
          i === at ? { bytes: item.bytes + bytes, loaded: Math.min(65_536, item.loaded + loaded) } : item,
        );
        expect(reserveBytes(larger)).toBeGreaterThanOrEqual(reserveBytes(set));
        expect(reserveBytes([...set, { bytes, loaded }])).toBeGreaterThanOrEqual(reserveBytes(set));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(
        items.chain((set) =>
          fc.tuple(fc.constant(set), fc.shuffledSubarray(set, { minLength: set.length, maxLength: set.length })),
        ),
        ([set, shuffled]) => {
          expect(reserveBytes(shuffled)).toBe(reserveBytes(set));
        },
      ),
    );
  });

  it('counts a model that is far larger than the rest whole', () => {
    const small = Array.from({ length: 1000 }, () => ({ bytes: 10, loaded: 32_768 }));
    expect(reserveBytes(small)).toBe(5010);
    expect(reserveBytes([...small, { bytes: 4000, loaded: 60_000 }])).toBe(9010);
  });

  it('knows the chance that a model is loaded', () => {
    expect(loadedShare(1, 0)).toBe(0);
    expect(loadedShare(0.5, 2)).toBe(Math.ceil((1 - Math.exp(-1)) * 65_536));
    expect(loadedShare(1, Number.POSITIVE_INFINITY)).toBe(65_536);
  });
});
