/**
 * The items that wait, alone and in pairs, by how much of a bin they take, ascending. Kept sorted as items come and go:
 * pairs with one item are sorted as the others are.
 */
export class Entrants {
  size = 0;
  weight = new Float64Array(64);
  first = new Int32Array(64);
  /** -1: alone. */
  second = new Int32Array(64);
  private spare = { weight: new Float64Array(64), first: new Int32Array(64), second: new Int32Array(64) };
  /** Waiting items that this type can hold, by weight. */
  private readonly items: number[] = [];

  constructor(
    private readonly weightOf: Float64Array,
    private readonly allowed: Uint8Array,
    private readonly apart: ((i: number, j: number) => boolean) | undefined,
  ) {}

  /** First index whose weight is above `limit`. */
  above(limit: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.weight[middle] as number) <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  remove(i: number): void {
    if (this.allowed[i] === 0) return;
    this.items.splice(this.items.indexOf(i), 1);
    const { weight, first, second } = this;
    let to = 0;
    for (let k = 0; k < this.size; k++) {
      if (first[k] === i || second[k] === i) continue;
      weight[to] = weight[k] as number;
      first[to] = first[k] as number;
      second[to] = second[k] as number;
      to++;
    }
    this.size = to;
  }

  add(i: number): void {
    if (this.allowed[i] === 0) return;
    const { items, weightOf } = this;
    const own = weightOf[i] as number;
    const partners = this.apart === undefined ? items : items.filter((j) => !this.apart?.(i, j));
    const total = this.size + partners.length + 1;
    if (total > this.spare.weight.length) this.grow(total);
    const { weight, first, second, spare } = this;
    let k = 0;
    // The item alone comes before all its pairs.
    for (let p = -1; p < partners.length; p++) {
      const partner = p < 0 ? -1 : (partners[p] as number);
      const sum = p < 0 ? own : own + (weightOf[partner] as number);
      for (; k < this.size && (weight[k] as number) <= sum; k++) this.copy(k, k + p + 1);
      spare.weight[k + p + 1] = sum;
      spare.first[k + p + 1] = i;
      spare.second[k + p + 1] = partner;
    }
    for (; k < this.size; k++) this.copy(k, k + partners.length + 1);
    this.spare = { weight, first, second };
    this.weight = spare.weight;
    this.first = spare.first;
    this.second = spare.second;
    this.size = total;
    let at = items.length;
    while (at > 0 && (weightOf[items[at - 1] as number] as number) > own) at--;
    items.splice(at, 0, i);
  }

  private copy(from: number, to: number): void {
    const { spare } = this;
    spare.weight[to] = this.weight[from] as number;
    spare.first[to] = this.first[from] as number;
    spare.second[to] = this.second[from] as number;
  }

  private grow(total: number): void {
    const length = total * 2;
    const grown = <T extends Float64Array | Int32Array>(made: T, old: T): T => {
      made.set(old.subarray(0, this.size));
      return made;
    };
    this.weight = grown(new Float64Array(length), this.weight);
    this.first = grown(new Int32Array(length), this.first);
    this.second = grown(new Int32Array(length), this.second);
    this.spare = { weight: new Float64Array(length), first: new Int32Array(length), second: new Int32Array(length) };
  }
}
