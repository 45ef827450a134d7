import type { Model } from '../declare/fleet';
import type { ShardTypes, TypeTable } from './shard-types';

/** Which models must not meet, by labels; counts of labels and bans by bin. */
class Meetings {
  private readonly own: (readonly string[])[];
  private readonly banned: (readonly string[])[];
  private readonly labels: Map<string, number>[] = [];
  private readonly bans: Map<string, number>[] = [];

  constructor(models: readonly Model[]) {
    const feared = new Set(models.flatMap((model) => model.neverWith));
    this.own = models.map((model) =>
      Object.entries(model.labels)
        .map(([key, value]) => `${key}=${value}`)
        .filter((label) => feared.has(label)),
    );
    this.banned = models.map((model) => model.neverWith);
  }

  open(bin: number): void {
    this.labels[bin] = new Map();
    this.bans[bin] = new Map();
  }

  welcome(bin: number, i: number): boolean {
    for (const label of this.banned[i] as string[]) if (this.labels[bin]?.has(label)) return false;
    for (const label of this.own[i] as string[]) if (this.bans[bin]?.has(label)) return false;
    return true;
  }

  note(bin: number, i: number, by: 1 | -1): void {
    count(this.labels[bin] as Map<string, number>, this.own[i] as string[], by);
    count(this.bans[bin] as Map<string, number>, this.banned[i] as string[], by);
  }
}

function count(counts: Map<string, number>, keys: readonly string[], by: number): void {
  for (const key of keys) {
    const next = (counts.get(key) ?? 0) + by;
    if (next === 0) counts.delete(key);
    else counts.set(key, next);
  }
}

/** Shards under construction over one class's pieces, as flat numbers. A closed bin has no type. */
export class Bins {
  readonly type: (TypeTable | null)[] = [];
  readonly members: number[][] = [];
  /** Bin of each model; -1: none yet. */
  readonly of: Int32Array;
  /** Bins looked at so far: the measure of work, as a clock would not repeat. */
  work = 0;
  readonly width: number;
  /** Room left, by bin and active dimension. */
  free: Float64Array;
  private readonly place: Int32Array;
  private readonly meetings: Meetings | null;

  constructor(
    readonly types: ShardTypes,
    hasConflicts: boolean,
  ) {
    const n = types.numbers.pieces.length;
    this.of = new Int32Array(n).fill(-1);
    this.place = new Int32Array(n);
    this.width = types.dimensions.length;
    this.free = new Float64Array(64 * this.width);
    this.meetings = hasConflicts ? new Meetings(types.numbers.pieces.map((piece) => piece.model)) : null;
  }

  get count(): number {
    return this.type.length;
  }

  open(type: TypeTable): number {
    const bin = this.type.length;
    if ((bin + 1) * this.width > this.free.length) {
      const grown = new Float64Array(this.free.length * 2);
      grown.set(this.free);
      this.free = grown;
    }
    this.type.push(type);
    this.members.push([]);
    this.free.set(type.capacity, bin * this.width);
    this.meetings?.open(bin);
    return bin;
  }

  /** Takes the last bin, empty, away again. */
  close(bin: number): void {
    if (bin !== this.type.length - 1) throw new RangeError('only the last bin closes');
    this.type.pop();
    this.members.pop();
  }

  /** An empty bin gets another type, or none. */
  retype(bin: number, type: TypeTable | null): void {
    this.type[bin] = type;
    if (type !== null) this.free.set(type.capacity, bin * this.width);
  }

  room(bin: number, a: number): number {
    return this.free[bin * this.width + a] as number;
  }

  fits(bin: number, i: number): boolean {
    const type = this.type[bin];
    this.work++;
    if (type === null || type === undefined || type.allowed[i] === 0) return false;
    const { width, free } = this;
    const from = i * width;
    const to = bin * width;
    for (let a = 0; a < width; a++) if ((type.need[from + a] as number) > (free[to + a] as number)) return false;
    if (this.hasOther(bin, i, -1)) return false;
    return this.meetings === null || this.meetings.welcome(bin, i);
  }

  /** Would `i` fit once `out` has left? */
  fitsWithout(bin: number, i: number, out: number): boolean {
    const type = this.type[bin] as TypeTable;
    this.work++;
    if (type.allowed[i] === 0) return false;
    const { width, free } = this;
    for (let a = 0; a < width; a++)
      if (
        (type.need[i * width + a] as number) >
        (free[bin * width + a] as number) + (type.need[out * width + a] as number)
      )
        return false;
    if (this.hasOther(bin, i, out)) return false;
    if (this.meetings === null) return true;
    this.meetings.note(bin, out, -1);
    const welcome = this.meetings.welcome(bin, i);
    this.meetings.note(bin, out, 1);
    return welcome;
  }

  /** Is another piece of the same model in the bin, `but` aside? */
  private hasOther(bin: number, i: number, but: number): boolean {
    const { first, end } = this.types.numbers;
    const to = end[i] as number;
    for (let j = first[i] as number; j < to; j++) if (this.of[j] === bin && j !== i && j !== but) return true;
    return false;
  }

  add(bin: number, i: number): void {
    this.shift(bin, i, -1);
    const members = this.members[bin] as number[];
    this.place[i] = members.length;
    members.push(i);
    this.of[i] = bin;
    this.meetings?.note(bin, i, 1);
  }

  remove(i: number): void {
    const bin = this.of[i] as number;
    this.shift(bin, i, 1);
    const members = this.members[bin] as number[];
    const last = members.pop() as number;
    if (last !== i) {
      members[this.place[i] as number] = last;
      this.place[last] = this.place[i] as number;
    }
    this.of[i] = -1;
    this.meetings?.note(bin, i, -1);
  }

  private shift(bin: number, i: number, sign: 1 | -1): void {
    const { need } = this.type[bin] as TypeTable;
    const { width, free } = this;
    for (let a = 0; a < width; a++)
      free[bin * width + a] = (free[bin * width + a] as number) + sign * (need[i * width + a] as number);
  }

  /** Price and pods of the bins that hold something. */
  cost(): { readonly cost: number; readonly pods: number } {
    let cost = 0;
    let pods = 0;
    this.type.forEach((type, bin) => {
      if (type === null || (this.members[bin] as number[]).length === 0) return;
      cost += type.price;
      pods += type.replicas;
    });
    return { cost, pods };
  }
}
