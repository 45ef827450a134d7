import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  characteristicSeconds,
  coldStartCurve,
  coldStarts,
  loadedBytes,
  requests,
  secondsForColdStarts,
} from '../../src/ondemand/che';
import { cacheItems } from './support';

describe('the characteristic time', () => {
  it('is that of equal models: with room for a share of them, that share is loaded', () => {
    const items = Array.from({ length: 10 }, () => ({ bytes: 100, rate: 0.5 }));
    const seconds = characteristicSeconds(items, 400);
    expect(seconds).toBeCloseTo(-Math.log(0.6) / 0.5, 9);
    expect(coldStarts(items, seconds) / requests(items)).toBeCloseTo(0.6, 9);
  });

  it('fills the cache, whatever is in it', () => {
    fc.assert(
      fc.property(cacheItems(1, 200), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (items, share) => {
        const room = loadedBytes(items, Number.POSITIVE_INFINITY) * share;
        const seconds = characteristicSeconds(items, room);
        expect(Math.abs(loadedBytes(items, seconds) - room)).toBeLessThan(room * 1e-9);
      }),
    );
  });

  it('has no end where everything fits, and none where nothing does', () => {
    const items = [
      { bytes: 10, rate: 1 },
      { bytes: 10, rate: 0 },
    ];
    expect(characteristicSeconds(items, 20)).toBe(Number.POSITIVE_INFINITY);
    expect(characteristicSeconds(items, 10)).toBe(Number.POSITIVE_INFINITY);
    expect(coldStarts(items, Number.POSITIVE_INFINITY)).toBe(0);
    expect(characteristicSeconds(items, 0)).toBe(0);
    expect(secondsForColdStarts(items, 2)).toBe(0);
    expect(secondsForColdStarts(items, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(coldStartCurve([], 3).map((point) => point.coldStartRate)).toEqual([0, 0, 0]);
  });

  it('is long enough for a target, and hardly longer', () => {
    fc.assert(
      fc.property(cacheItems(1, 200), fc.double({ min: 0.001, max: 0.9, noNaN: true }), (items, target) => {
        const allowed = target * requests(items);
        const seconds = secondsForColdStarts(items, allowed);
        expect(coldStarts(items, seconds)).toBeLessThanOrEqual(allowed);
        expect(coldStarts(items, seconds * (1 - 1e-9))).toBeGreaterThan(allowed * (1 - 1e-9));
      }),
    );
  });

  it('gives curves that never rise', () => {
    fc.assert(
      fc.property(cacheItems(1, 100), (items) => {
        const curve = coldStartCurve(items, 11);
        expect(curve[0]?.coldStartRate).toBeCloseTo(1, 9);
        expect(curve.at(-1)?.coldStartRate).toBe(0);
        curve.slice(1).forEach((point, i) => {
          expect(point.coldStartRate).toBeLessThanOrEqual(curve[i]?.coldStartRate ?? 0);
          expect(point.bytes).toBeGreaterThanOrEqual(curve[i]?.bytes ?? 0);
        });
      }),
    );
  });
});
