import { describe, expect, it } from 'vitest';
import { median, slope } from '../../bench/mesh/figures';
import { inferMessage } from '../../bench/mesh/grpc-load';
import { podsOf, randomBelow, shardOf } from '../../bench/mesh/topology';

describe('the benchmark of the mesh', () => {
  it('tells growth from noise', () => {
    const noisy = Array.from({ length: 60 }, (_, i) => [i, 100 + (i % 2)] as const);
    expect(Math.abs(slope(noisy))).toBeLessThan(0.01);
    expect(slope(noisy.map(([x, y]) => [x, y + 3 * x] as const))).toBeCloseTo(3, 1);
    expect(median([9, 1, 5])).toBe(5);
  });

  it('spreads models over all shards, and sets over distinct pods', () => {
    const shards = new Set(Array.from({ length: 1000 }, (_, model) => shardOf(model, 100, 0)));
    expect(shards.size).toBe(100);
    expect(podsOf(7, { models: 1, shards: 1000, copies: 3 })).toHaveLength(3);
    expect(podsOf(0, { models: 1, shards: 2, copies: 3 })).toHaveLength(2);
  });

  it('asks alike in each run', () => {
    const [a, b] = [randomBelow(1), randomBelow(1)];
    expect(Array.from({ length: 50 }, () => a(100))).toEqual(Array.from({ length: 50 }, () => b(100)));
  });

  it('writes ModelInfer as the protocol has it', () => {
    const message = inferMessage('model', 300);
    expect(message.readUInt32BE(1)).toBe(message.length - 5);
    expect(message.subarray(5, 12).toString('latin1')).toBe('\n\x05model');
    // Field 7 of 300 bytes: 300 = 0b10_0101100.
    expect([...message.subarray(12, 15)]).toEqual([58, 0b1010_1100, 0b10]);
  });
});
