import { Entrants } from './entrants';
import { seededRandom } from './random';
import type { TailBin, TailProblem, TailType } from './tail';

/** Of the sets that may come in, so many are looked at in one step. */
const mostLooked = 24;

/**
 * Items in bins, and items that wait. A step lets up to two items out of a bin and takes up to two in; what the waiting
 * items are worth may grow by chance, ever less so. Work is counted in sets of items looked at.
 */
export class Annealer {
  readonly members: number[][] = [];
  readonly types: number[] = [];
  readonly waiting: number[] = [];
  work = 0;
  /** What the waiting items are worth. */
  energy = 0;
  private readonly width: number;
  private free = new Float64Array(0);
  private readonly slack: number[] = [];
  private readonly unit: number[][];
  private readonly entrants: Entrants[];
  private readonly random: () => number;

  /**
   * `value`: what each item is worth, in prices. Beside it an item's weight, its mean share of a bin's room, says what
   * could fit at all: it is linear in what the item needs.
   */
  constructor(
    private readonly problem: TailProblem,
    private readonly value: Float64Array,
    seed: number,
  ) {
    const { types, count } = problem;
    this.width = (types[0] as TailType).capacity.length;
    this.random = seededRandom(seed);
    this.unit = types.map((type) =>
      Array.from(type.capacity, (capacity) => 1 / (Math.max(1, capacity) * type.capacity.length)),
    );
    this.entrants = types.map((type, t) => {
      const unit = this.unit[t] as number[];
      const weight = Float64Array.from({ length: count }, (_, i) => {
        let sum = 0;
        for (let a = 0; a < this.width; a++) sum += (type.need[i * this.width + a] as number) * (unit[a] as number);
        return sum;
      });
      return new Entrants(weight, type.allowed, problem.apart);
    });
  }

  open(bin: TailBin): void {
    const b = this.members.length;
    const { width } = this;
    const type = this.problem.types[bin.type] as TailType;
    if ((b + 1) * width > this.free.length) {
      const grown = new Float64Array(Math.max(64, this.free.length * 2));
      grown.set(this.free);
      this.free = grown;
    }
    this.types.push(bin.type);
    this.members.push([...bin.items]);
    this.free.set(type.capacity, b * width);
    for (const i of bin.items) this.take(b, i, -1);
    this.measure(b);
  }

  wait(i: number): void {
    this.waiting.push(i);
    this.energy += this.value[i] as number;
    for (const entrants of this.entrants) {
      entrants.add(i);
      this.work += entrants.size >> 4;
    }
  }

  leave(i: number): void {
    this.waiting.splice(this.waiting.indexOf(i), 1);
    this.energy -= this.value[i] as number;
    for (const entrants of this.entrants) {
      entrants.remove(i);
      this.work += entrants.size >> 4;
    }
  }

  /** The bins as they are now. */
  packed(): TailBin[] {
    return this.members.map((items, b) => ({ type: this.types[b] as number, items: [...items] }));
  }

  private take(b: number, i: number, sign: number): void {
    const { need } = this.problem.types[this.types[b] as number] as TailType;
    const { width, free } = this;
    for (let a = 0; a < width; a++)
      free[b * width + a] = (free[b * width + a] as number) + sign * (need[i * width + a] as number);
  }

  private measure(b: number): void {
    const unit = this.unit[this.types[b] as number] as number[];
    let sum = 0;
    for (let a = 0; a < this.width; a++) sum += (this.free[b * this.width + a] as number) * (unit[a] as number);
    this.slack[b] = sum;
  }

  /** One try; true if something moved. */
  step(temperature: number): boolean {
    const { random, width, free, value } = this;
    this.work++;
    if (this.members.length === 0) return false;
    const b = Math.floor(random() * this.members.length);
    const members = this.members[b] as number[];
    const t = this.types[b] as number;
    const { need } = this.problem.types[t] as TailType;
    const unit = this.unit[t] as number[];
    const pick = random();
    const leave = members.length === 0 || pick < 0.1 ? 0 : members.length === 1 || pick < 0.4 ? 1 : 2;
    let x = -1;
    let y = -1;
    let worth = 0;
    if (leave > 0) {
      const at = Math.floor(random() * members.length);
      x = members[at] as number;
      worth = value[x] as number;
      if (leave > 1) {
        let other = Math.floor(random() * (members.length - 1));
        if (other >= at) other++;
        y = members[other] as number;
        worth += value[y] as number;
      }
    }
    let most = (this.slack[b] as number) + 1e-12;
    for (let a = 0; a < width; a++) {
      if (x >= 0) most += (need[x * width + a] as number) * (unit[a] as number);
      if (y >= 0) most += (need[y * width + a] as number) * (unit[a] as number);
    }
    const least = worth + temperature * Math.log(random() + 1e-300);
    const entrants = this.entrants[t] as Entrants;
    const from = entrants.above(most) - 1;
    const to = Math.max(0, from - mostLooked);
    let seen = 0;
    let chosen = -1;
    const roomAt = b * width;
    for (let k = from; k >= to; k--) {
      const i = entrants.first[k] as number;
      const j = entrants.second[k] as number;
      const gain = (value[i] as number) + (j >= 0 ? (value[j] as number) : 0);
      if (gain < least) continue;
      this.work++;
      let fits = true;
      for (let a = 0; a < width && fits; a++) {
        let room = free[roomAt + a] as number;
        if (x >= 0) room += need[x * width + a] as number;
        if (y >= 0) room += need[y * width + a] as number;
        room -= need[i * width + a] as number;
        if (j >= 0) room -= need[j * width + a] as number;
        fits = room >= 0;
      }
      if (!fits || !this.welcome(members, x, y, i, j)) continue;
      seen++;
      if (random() * seen < 1) chosen = k;
    }
    if (chosen < 0) return false;
    this.exchange(b, x, y, entrants.first[chosen] as number, entrants.second[chosen] as number);
    return true;
  }

  private welcome(members: readonly number[], x: number, y: number, i: number, j: number): boolean {
    const { apart } = this.problem;
    if (apart === undefined) return true;
    for (const other of members)
      if (other !== x && other !== y && (apart(other, i) || (j >= 0 && apart(other, j)))) return false;
    return true;
  }

  private exchange(b: number, x: number, y: number, i: number, j: number): void {
    const members = this.members[b] as number[];
    for (const into of [i, j]) {
      if (into < 0) continue;
      this.leave(into);
      this.take(b, into, -1);
      members.push(into);
    }
    for (const out of [x, y]) {
      if (out < 0) continue;
      members.splice(members.indexOf(out), 1);
      this.take(b, out, 1);
      this.wait(out);
    }
    this.measure(b);
  }
}
