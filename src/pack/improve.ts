import type { Bins } from './bins';
import { type Guide, worthOn } from './guide';
import type { TypeTable } from './shard-types';

/**
 * Local search: tries to do without each shard, or with a cheaper one in its place, by moving models to room elsewhere
 * (and, where none is, by moving another model out of the way). Stops when a round brings nothing or the work is spent.
 */
export function improve(bins: Bins, guide: Guide, cheaper: readonly TypeTable[], work: number): void {
  const end = bins.work + work;
  for (let round = 0; round < 8; round++) {
    let improved = false;
    const order = byPoorest(bins, guide);
    for (const bin of order) {
      if (bins.work > end) return;
      const type = bins.type[bin] as TypeTable | null;
      if (type === null) continue;
      if (shrink(bins, bin, null, guide, end)) {
        improved = true;
        continue;
      }
      for (const target of cheaper) {
        if (target.price > type.price || (target.price === type.price && target.replicas >= type.replicas)) break;
        if (target === type) continue;
        if (shrink(bins, bin, target, guide, end)) {
          improved = true;
          break;
        }
      }
    }
    if (!improved) return;
  }
}

function byPoorest(bins: Bins, guide: Guide): number[] {
  const ratio = new Map<number, number>();
  for (let bin = 0; bin < bins.count; bin++) {
    const type = bins.type[bin] as TypeTable | null;
    if (type === null) continue;
    let worth = 0;
    for (const i of bins.members[bin] as number[]) worth += guide.worth[i] as number;
    ratio.set(bin, worth / Math.max(1, type.price));
  }
  return [...ratio.keys()].sort((a, b) => (ratio.get(a) as number) - (ratio.get(b) as number) || a - b);
}

/** Empties the bin and fills it again as `target` (null: closes it); undoes all where a model finds no other place. */
function shrink(bins: Bins, bin: number, target: TypeTable | null, guide: Guide, end: number): boolean {
  const type = bins.type[bin] as TypeTable;
  const members = [...(bins.members[bin] as number[])];
  if (!roomElsewhere(bins, bin, target, guide)) return false;
  members.sort((a, b) => (guide.worth[b] as number) - (guide.worth[a] as number) || a - b);
  const log: { i: number; from: number }[] = [];
  for (const i of members) {
    bins.remove(i);
    log.push({ i, from: bin });
  }
  bins.retype(bin, target);
  const out: number[] = [];
  for (const i of members) {
    if (target !== null && bins.fits(bin, i)) bins.add(bin, i);
    else out.push(i);
  }
  for (const i of out) {
    if (bins.work < end && (settle(bins, i, bin, guide) || eject(bins, i, bin, guide, log))) continue;
    undo(bins, log, bin, type);
    return false;
  }
  return true;
}

function undo(bins: Bins, log: readonly { i: number; from: number }[], bin: number, type: TypeTable): void {
  for (const { i } of log) if ((bins.of[i] as number) >= 0) bins.remove(i);
  bins.retype(bin, type);
  // The first entry of a model says where it was at the start.
  const seen = new Set<number>();
  for (const { i, from } of log) {
    if (seen.has(i)) continue;
    seen.add(i);
    bins.add(from, i);
  }
}

/** Is there, summed over the other bins, room worth as much as what must leave? A quick no. */
function roomElsewhere(bins: Bins, bin: number, target: TypeTable | null, guide: Guide): boolean {
  let need = 0;
  for (const i of bins.members[bin] as number[]) need += guide.worth[i] as number;
  if (target !== null) {
    const room = guide.room[target.index];
    need -= room === undefined ? target.price : room.reduce((sum, value) => sum + value, 0);
  }
  if (need <= 0) return true;
  for (let other = 0; other < bins.count && need > 0; other++) {
    const type = bins.type[other] as TypeTable | null;
    if (type === null || other === bin) continue;
    const room = guide.room[type.index];
    if (room === undefined) return true;
    for (let a = 0; a < bins.width; a++) {
      if ((type.capacity[a] as number) > 0)
        need -= ((room[a] as number) * bins.room(other, a)) / (type.capacity[a] as number);
    }
  }
  return need <= 0;
}

/** The bin where the model leaves least room over, by the guide's prices. */
export function settle(bins: Bins, i: number, not: number, guide: Guide): boolean {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let bin = 0; bin < bins.count; bin++) {
    if (bin === not || !bins.fits(bin, i)) continue;
    const value = leftOver(bins, bin, i, guide);
    if (value < least) {
      least = value;
      best = bin;
    }
  }
  if (best < 0) return false;
  bins.add(best, i);
  return true;
}

function leftOver(bins: Bins, bin: number, i: number, guide: Guide): number {
  const type = bins.type[bin] as TypeTable;
  const room = guide.room[type.index];
  let sum = 0;
  for (let a = 0; a < bins.width; a++) {
    const capacity = type.capacity[a] as number;
    if (capacity <= 0) continue;
    const weight = (room?.[a] ?? 0) + 0.03 * type.price;
    sum += (weight * (bins.room(bin, a) - (type.need[i * bins.width + a] as number))) / capacity;
  }
  const spent = room === undefined ? 0 : worthOn(type, room, i);
  return sum / type.replicas + 2 * spent;
}

/** Makes room by moving one model of lesser worth from a bin to another one. */
export function eject(bins: Bins, i: number, not: number, guide: Guide, log: { i: number; from: number }[]): boolean {
  const worth = guide.worth[i] as number;
  let tries = 400;
  for (let bin = 0; bin < bins.count; bin++) {
    const type = bins.type[bin] as TypeTable | null;
    if (type === null || bin === not || type.allowed[i] === 0) continue;
    for (const y of bins.members[bin] as number[]) {
      if ((guide.worth[y] as number) >= worth || !bins.fitsWithout(bin, i, y)) continue;
      if (--tries < 0) return false;
      for (let other = 0; other < bins.count; other++) {
        if (other === not || other === bin || !bins.fits(other, y)) continue;
        bins.remove(y);
        log.push({ i: y, from: bin });
        bins.add(other, y);
        bins.add(bin, i);
        return true;
      }
    }
  }
  return false;
}
