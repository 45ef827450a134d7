import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseBytes, parseCpuMillis } from '../../src/declare/quantities';
import { bytesQuantity, cpuQuantity } from '../../src/render/quantity';

it('writes quantities as the API server gives them back', () => {
  const bytes = [0, 1, 1000, 1024, 1_500_000, 2 ** 20, 1536 * 2 ** 20, 16 * 2 ** 30, 2 ** 40, 5_000_000_000, 1_000_001];
  const texts = ['0', '1', '1k', '1Ki', '1500k', '1Mi', '1536Mi', '16Gi', '1Ti', '5G', '1000001'];
  expect(bytes.map(bytesQuantity)).toEqual(texts);
  expect([0, 1, 500, 1000, 1500, 64_000, 1_000_000].map(cpuQuantity)).toEqual([
    '0',
    '1m',
    '500m',
    '1',
    '1500m',
    '64',
    '1k',
  ]);
});

it('loses nothing', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (amount) => {
      expect(parseBytes(bytesQuantity(amount))).toEqual({ ok: true, value: amount });
    }),
  );
  fc.assert(
    fc.property(fc.nat(10 ** 9), (millis) => {
      expect(parseCpuMillis(cpuQuantity(millis))).toEqual({ ok: true, value: millis });
    }),
  );
});
