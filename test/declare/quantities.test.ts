import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBytes, parseCpuMillis, parseMicros, parseMillis } from '../../src/declare/quantities';

const units: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 10n ** 9n],
  u: [1n, 10n ** 6n],
  m: [1n, 10n ** 3n],
  '': [1n, 1n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
};
const limit = BigInt(Number.MAX_SAFE_INTEGER);
const parsers = [
  { parse: parseBytes, scale: 1n },
  { parse: parseMillis, scale: 1000n },
  { parse: parseCpuMillis, scale: 1000n },
  { parse: parseMicros, scale: 1_000_000n },
];
const roundUp = (numerator: bigint, denominator: bigint): bigint => (numerator + denominator - 1n) / denominator;

describe('quantities', () => {
  it('equal exact arithmetic, rounded up, for every unit and parser', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 18n }),
        fc.option(fc.stringMatching(/^[0-9]{0,12}$/), { nil: null }),
        fc.constantFrom(...Object.keys(units)),
        fc.constantFrom(...parsers),
        (whole, fraction, unit, { parse, scale }) => {
          const [up, down] = units[unit] ?? [1n, 1n];
          const digits = fraction ?? '';
          const expected = roundUp(BigInt(`${whole}${digits}`) * up * scale, down * 10n ** BigInt(digits.length));
          const result = parse(`${whole}${fraction === null ? '' : `.${fraction}`}${unit}`);
          if (expected > limit) expect(result.ok).toBe(false);
          else expect(result).toEqual({ ok: true, value: Number(expected) });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('read a number as the decimal that it prints', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ min: 0, max: 1e12, noNaN: true }),
          fc.integer({ min: 0, max: 10 ** 9 }).map((n) => n / 1000),
          fc.integer({ min: 0, max: 10 ** 9 }).map((n) => n / 1_000_000),
          fc.maxSafeNat(),
        ),
        fc.constantFrom(...parsers),
        (number, { parse, scale }) => {
          const [, whole = '0', fraction = '', exponent = '0'] =
            /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number)) ?? [];
          const power = Number(exponent) - fraction.length;
          const digits = BigInt(whole + fraction) * scale;
          const expected = power >= 0 ? digits * 10n ** BigInt(power) : roundUp(digits, 10n ** BigInt(-power));
          const result = parse(number);
          if (expected > limit) expect(result.ok).toBe(false);
          else expect(result).toEqual({ ok: true, value: Number(expected) });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['16Gi', 17_179_869_184],
    ['500M', 500_000_000],
    ['+1.5Gi', 1_610_612_736],
    ['2e3', 2000],
    ['2E3', 2000],
    ['1E', null],
    ['0.1', 1],
    [' 12 ', 12],
    [0, 0],
    [1e-300, 1],
  ])('read %s as %s bytes', (text, bytes) => {
    const result = parseBytes(text);
    expect(result.ok ? result.value : null).toBe(bytes);
  });

  it('turn minus zero into zero', () => {
    const result = parseBytes(-0);
    expect(result.ok && Object.is(result.value, 0)).toBe(true);
  });

  it.each([
    ['-1', /negative/],
    [-0.5, /negative/],
    [Number.NaN, /not a finite number/],
    [Number.POSITIVE_INFINITY, /not a finite number/],
    [2 ** 60, /above the largest size/],
    ['8Pi', /above the largest size/],
    ['1152921504606846976', /above the largest size/],
    ['', /not a quantity/],
    ['16 Gi', /not a quantity/],
    ['16GB', /not a quantity/],
    ['1e', /not a quantity/],
    ['0x10', /not a quantity/],
    ['NaN', /not a quantity/],
    ['9'.repeat(100_000), /not a quantity/],
    [null, /got null/],
    [[1], /got a list/],
    [true, /type boolean/],
  ])('refuse %s', (input, reason) => {
    const result = parseBytes(input);
    expect(result.ok ? '' : result.reason).toMatch(reason);
    expect(result.ok ? 0 : result.reason.length).toBeLessThan(120);
  });
});
