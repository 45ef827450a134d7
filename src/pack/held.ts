import { dimensions } from '../declare/capacity';
import type { Pool } from '../declare/fleet';
import { type ClassNumbers, demandOn } from './class-numbers';
import { at } from './dimensions';

const D = dimensions.length;
const { duty, cpu } = at;

/** By piece: which pools may hold a copy of it, and the fewest copies that carry its load. */
export interface Held {
  /** By piece and pool: 1 where a pod could hold a copy with next to no load. */
  readonly by: Uint8Array;
  /** Fewest copies of each piece that can carry its load if each is alone on the best pod for it; 0: it fits no pod. */
  readonly copies: Int32Array;
}

const known = new WeakMap<ClassNumbers, Held>();

/** Told once for a class. */
export function heldOf(numbers: ClassNumbers): Held {
  let held = known.get(numbers);
  if (held === undefined) {
    held = tell(numbers);
    known.set(numbers, held);
  }
  return held;
}

function tell(numbers: ClassNumbers): Held {
  const count = numbers.pieces.length;
  const pools = numbers.pools.length;
  const by = new Uint8Array(count * pools);
  const copies = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let least = 0;
    for (let p = 0; p < pools; p++) {
      if (!holdsOne(numbers, i, p)) continue;
      by[i * pools + p] = 1;
      const own = Math.max(
        numbers.replicas[i] as number,
        loadCopies(numbers, i, p, duty),
        loadCopies(numbers, i, p, cpu),
      );
      if (least === 0 || own < least) least = own;
    }
    copies[i] = least;
  }
  return { by, copies };
}

function holdsOne(numbers: ClassNumbers, i: number, p: number): boolean {
  for (let d = 0; d < D; d++) {
    const need = loadDimension(d) ? (loadOn(numbers, i, p, d) > 0 ? 1 : 0) : demandOn(numbers, i, p, d, 1);
    if (need > (numbers.capacity[p * D + d] as number)) return false;
  }
  return true;
}

export function loadDimension(d: number): boolean {
  return d === duty || d === cpu;
}

/** Load of all copies in the pool's own time, before it is shared; not rounded. */
export function loadOn(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const gpu = numbers.onAccelerator[p] as boolean;
  const speed = (numbers.pools[p] as Pool).speedMilli;
  const parts = numbers.share[i] as number;
  if (d === duty) return gpu ? ((numbers.duty[i] as number) * 1000) / speed / parts : 0;
  return gpu ? (numbers.cpu[i] as number) / parts : ((numbers.cpu[i] as number) * 1000) / speed / parts;
}

function loadCopies(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const amount = loadAmount(numbers, i, p, d);
  const room = loadRoom(numbers, i, p, d);
  if (amount <= room) return 1;
  return Number((BigInt(amount) + BigInt(room) - 1n) / BigInt(room));
}

/** Load of all copies, in units in which it and `loadRoom` are whole. */
export function loadAmount(numbers: ClassNumbers, i: number, p: number, d: number): number {
  if (d === duty) return numbers.onAccelerator[p] ? (numbers.duty[i] as number) * 1000 : 0;
  return (numbers.cpu[i] as number) * 1000;
}

/** A pod's room for load, in the same units. */
export function loadRoom(numbers: ClassNumbers, i: number, p: number, d: number): number {
  const scaled = d === duty || !numbers.onAccelerator[p];
  const speed = scaled ? (numbers.pools[p] as Pool).speedMilli : 1000;
  return (numbers.capacity[p * D + d] as number) * speed * (numbers.share[i] as number);
}
