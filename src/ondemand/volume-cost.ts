import type { CapacityVector } from '../declare/capacity';
import type { Pool } from '../declare/fleet';

/** What models take together; loads at reference speed. */
export interface Volume {
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly microDuty: number;
  readonly cpuMillis: number;
  readonly models: number;
}

export interface PricedPool {
  readonly pool: Pool;
  /** Of one pod. */
  readonly capacity: CapacityVector;
}

/**
 * The least cost of parts of pods that together have room for a volume, from one kind of pool or two mixed: pools with
 * much memory for their price make up for those with much time. CPU-only pools are not mixed with others.
 */
export function volumeCost(volume: Volume, pools: readonly PricedPool[]): number {
  let least = Number.POSITIVE_INFINITY;
  pools.forEach((a, i) => {
    for (const b of pools.slice(i)) {
      if ((a.pool.accelerator === null) !== (b.pool.accelerator === null)) continue;
      least = Math.min(least, cheapestMix(volume, a, b));
    }
  });
  return least;
}

/** Each row: what part of the need one pod of either pool covers. */
type Row = readonly [a: number, b: number];

function cheapestMix(volume: Volume, a: PricedPool, b: PricedPool): number {
  const [first, second] = [coverage(volume, a), coverage(volume, b)];
  const rows = first.map((part, d): Row => [part, second[d] as number]).filter(([p]) => p !== Number.POSITIVE_INFINITY);
  const [priceA, priceB] = [a.pool.podPriceMicrosPerHour + 1, b.pool.podPriceMicrosPerHour + 1];
  let least = Number.POSITIVE_INFINITY;
  const consider = (x: number, y: number) => {
    const enough = rows.every(([p, q]) => p * x + q * y >= 1 - 1e-9);
    if (x >= 0 && y >= 0 && enough) least = Math.min(least, priceA * x + priceB * y);
  };
  consider(0, 0);
  rows.forEach(([p, q], d) => {
    if (p > 0) consider(1 / p, 0);
    if (q > 0) consider(0, 1 / q);
    for (const [r, s] of rows.slice(d + 1)) {
      const determinant = p * s - q * r;
      if (Math.abs(determinant) > 1e-30) consider((s - q) / determinant, (p - r) / determinant);
    }
  });
  return least;
}

/** Infinity where nothing is needed. */
function coverage(volume: Volume, { pool, capacity }: PricedPool): number[] {
  const fast = pool.speedMilli / 1000;
  const accelerated = pool.accelerator !== null;
  const part = (need: number, room: number) => (need === 0 ? Number.POSITIVE_INFINITY : Math.max(0, room) / need);
  return [
    part(volume.memoryBytes, capacity.memoryBytes),
    part(volume.diskBytes, capacity.diskBytes),
    part(volume.models, capacity.models),
    part(volume.cpuMillis, capacity.cpuMillis * (accelerated ? 1 : fast)),
    part(accelerated ? volume.acceleratorMemoryBytes : 0, capacity.acceleratorMemoryBytes),
    part(accelerated ? volume.microDuty : 0, capacity.microDuty * fast),
  ];
}
