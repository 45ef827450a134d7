import fc from 'fast-check';
import type { CacheItem } from '../../src/ondemand/che';

/** Catalogues as an LRU sees them: sizes over two decades, rates over four. */
export const cacheItems = (minLength: number, maxLength: number): fc.Arbitrary<CacheItem[]> =>
  fc.array(
    fc.record({
      bytes: fc.integer({ min: 10, max: 1000 }),
      rate: fc.integer({ min: 0, max: 40 }).map((tenths) => 10 ** (tenths / 10 - 4)),
    }),
    { minLength, maxLength },
  );
