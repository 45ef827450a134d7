import { describe, expect, it } from 'vitest';
import { instanceOf, ofLiterature, suite, triesLonger } from '../../bench/pack/suite';

describe('the benchmark of packing', () => {
  const specs = suite({ quick: false, huge: true });

  it('can make every instance that it names', () => {
    for (const spec of specs) {
      const { name, fleet } = instanceOf(spec.kind === 'zoo' ? spec : { ...spec, count: Math.min(spec.count, 300) });
      expect(name).not.toBe('');
      expect(fleet.models.length).toBeGreaterThan(0);
    }
  });

  it('covers five seeds of each size and limit, and a longer search of each size', () => {
    for (const count of [1000, 10_000, 100_000])
      for (const cap of [32, 128, undefined]) {
        const seeds = specs.filter(
          (spec) =>
            spec.kind === 'catalogue' &&
            spec.count === count &&
            spec.modelsPerPod === cap &&
            spec.isolated &&
            spec.onePool !== true,
        );
        expect(seeds).toHaveLength(5);
      }
    expect(specs.filter(triesLonger)).toHaveLength(3);
    expect(specs.filter(ofLiterature)).toHaveLength(12);
  });
});
