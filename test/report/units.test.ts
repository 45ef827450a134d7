import { describe, expect, it } from 'vitest';
import { budgetLabel, bytes, cores, count, delta, percent, perHour, plural, shareMicro } from '../../src/report/units';

describe('numbers as people read them', () => {
  it.each([
    [count(0), '0'],
    [count(1234567), '1,234,567'],
    [count(-1000), '-1,000'],
    [bytes(0), '0 bytes'],
    [bytes(1536), '1.5 KiB'],
    [bytes(23034 * 2 ** 20), '22.5 GiB'],
    [bytes(2 ** 53 - 1), '8 PiB'],
    [bytes(-(2 ** 30)), '-1 GiB'],
    [cores(500), '0.5 cores'],
    [cores(1000), '1 core'],
    [cores(1_234_567), '1,235 cores'],
    [perHour(3_200_000), '$3.20/h'],
    [perHour(0), '$0.00/h'],
    [perHour(1200), '$0.001/h'],
    [perHour(1_204_500_000), '$1,204.50/h'],
    [percent(0), '0%'],
    [percent(934_000), '93.4%'],
    [percent(999_999), '100%'],
    [percent(1_000_000), '100%'],
    [delta(3, 'count'), '+3'],
    [delta(0, 'bytes'), '0'],
    [delta(-3_200_000, 'microdollars'), '-$3.20/h'],
    [plural(1, 'model'), '1 model'],
    [plural(2000, 'model'), '2,000 models'],
    [budgetLabel('gpus.L4'), 'L4 GPUs'],
    [budgetLabel('pool.l4.nodes'), 'nodes of pool l4'],
    [String(shareMicro(1, 0)), '0'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});
