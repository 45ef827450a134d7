/** One column of a linear program in sparse form. */
export interface Column {
  readonly cost: number;
  readonly rows: readonly number[];
  readonly values: readonly number[];
}

const tolerance = 1e-9;

/**
 * Minimises cost x subject to A x = b, x >= 0, over columns that are added as they are found (column generation).
 * Revised primal simplex with a dense inverse: made for at most a few hundred rows. Plain arithmetic, so that the same
 * columns give the same result on any machine; a result is only ever used after it was checked exactly.
 */
export class ColumnMaster {
  /** Columns one after another: cost of each, and where its entries start. */
  private readonly costs: number[] = [];
  private readonly starts: number[] = [0];
  private rows = new Int32Array(1024);
  private values = new Float64Array(1024);
  private readonly basis: Int32Array;
  private readonly inverse: Float64Array;
  private readonly level: Float64Array;
  private readonly prices: Float64Array;
  /** What the entering column is in terms of the basis. */
  private readonly ahead: Float64Array;
  private readonly inBasis: boolean[] = [];
  private sinceRefactor = 0;
  /** Reduced cost of the column chosen last. */
  private entering = 0;

  /** Rows start on artificial columns of cost `penalty`; every b is above 0. */
  constructor(
    private readonly b: readonly number[],
    private readonly penalty: readonly number[],
  ) {
    const m = b.length;
    this.basis = new Int32Array(m);
    this.inverse = new Float64Array(m * m);
    this.level = Float64Array.from(b);
    this.ahead = new Float64Array(m);
    this.prices = Float64Array.from(penalty);
    for (let i = 0; i < m; i++) {
      this.basis[i] = -1 - i;
      this.inverse[i * m + i] = 1;
    }
  }

  add({ cost, rows, values }: Column): void {
    const from = this.starts[this.size] as number;
    const to = from + rows.length;
    if (to > this.rows.length) {
      this.rows = grown(new Int32Array(2 * to), this.rows);
      this.values = grown(new Float64Array(2 * to), this.values);
    }
    for (let k = 0; k < rows.length; k++) {
      this.rows[from + k] = rows[k] as number;
      this.values[from + k] = values[k] as number;
    }
    this.costs.push(cost);
    this.starts.push(to);
    this.inBasis.push(false);
  }

  get size(): number {
    return this.costs.length;
  }

  /** Dual prices of the rows. */
  get duals(): Float64Array {
    return this.prices;
  }

  objective(): number {
    let sum = 0;
    this.level.forEach((value, row) => {
      sum += value * this.costOf(this.basis[row] as number);
    });
    return sum;
  }

  /** Amount of each basic column, by column number. */
  solution(): Map<number, number> {
    const result = new Map<number, number>();
    this.basis.forEach((column, row) => {
      if (column >= 0) result.set(column, Math.max(0, this.level[row] as number));
    });
    return result;
  }

  /** Pivots until no column improves, or `limit` pivots; gives the number of pivots. */
  solve(limit: number): number {
    let pivots = 0;
    while (pivots < limit) {
      const entering = this.mostNegative();
      if (entering < 0 || !this.pivot(entering)) break;
      pivots++;
    }
    // Prices are carried from pivot to pivot: in the end they are told from the basis, free of what that lost.
    if (pivots > 0) this.reprice();
    return pivots;
  }

  private costOf(column: number): number {
    return column < 0 ? (this.penalty[-1 - column] as number) : (this.costs[column] as number);
  }

  private mostNegative(): number {
    const { prices, costs, starts, rows, values, inBasis } = this;
    let best = -tolerance;
    let chosen = -1;
    for (let c = 0; c < costs.length; c++) {
      if (inBasis[c]) continue;
      let reduced = costs[c] as number;
      const to = starts[c + 1] as number;
      for (let k = starts[c] as number; k < to; k++)
        reduced -= (values[k] as number) * (prices[rows[k] as number] as number);
      if (reduced < best) {
        best = reduced;
        chosen = c;
      }
    }
    this.entering = best;
    return chosen;
  }

  private pivot(entering: number): boolean {
    const m = this.b.length;
    const { inverse, level } = this;
    const direction = this.direction(entering);
    let leaving = -1;
    let ratio = Number.POSITIVE_INFINITY;
    for (let i = 0; i < m; i++) {
      const step = direction[i] as number;
      if (step <= 1e-8) continue;
      const limit = Math.max(0, level[i] as number) / step;
      // Among near ties the largest pivot: steadier.
      if (limit < ratio - 1e-12 || (limit <= ratio + 1e-12 && step > (direction[leaving] as number))) {
        ratio = limit;
        leaving = i;
      }
    }
    if (leaving < 0) return false;
    const old = this.basis[leaving] as number;
    if (old >= 0) this.inBasis[old] = false;
    this.basis[leaving] = entering;
    this.inBasis[entering] = true;
    const scale = 1 / (direction[leaving] as number);
    const row = leaving * m;
    for (let k = 0; k < m; k++) inverse[row + k] = (inverse[row + k] as number) * scale;
    for (let i = 0; i < m; i++) {
      const factor = direction[i] as number;
      if (i === leaving || factor === 0) continue;
      const base = i * m;
      for (let k = 0; k < m; k++)
        inverse[base + k] = (inverse[base + k] as number) - factor * (inverse[row + k] as number);
      level[i] = (level[i] as number) - factor * ratio;
    }
    level[leaving] = ratio;
    if (++this.sinceRefactor >= 120) {
      this.refactor();
      this.reprice();
      return true;
    }
    for (let k = 0; k < m; k++)
      this.prices[k] = (this.prices[k] as number) + this.entering * (inverse[row + k] as number);
    return true;
  }

  private direction(column: number): Float64Array {
    const m = this.b.length;
    const { inverse, rows, values, starts, ahead } = this;
    const from = starts[column] as number;
    const to = starts[column + 1] as number;
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let k = from; k < to; k++) sum += (inverse[i * m + (rows[k] as number)] as number) * (values[k] as number);
      ahead[i] = sum;
    }
    return ahead;
  }

  private reprice(): void {
    const m = this.b.length;
    this.prices.fill(0);
    for (let i = 0; i < m; i++) {
      const cost = this.costOf(this.basis[i] as number);
      if (cost === 0) continue;
      for (let k = 0; k < m; k++)
        this.prices[k] = (this.prices[k] as number) + cost * (this.inverse[i * m + k] as number);
    }
  }

  /** The inverse anew from the basis (Gauss-Jordan with row exchange): rounding errors do not pile up. */
  private refactor(): void {
    this.sinceRefactor = 0;
    const m = this.b.length;
    const work = new Float64Array(m * m);
    const fresh = new Float64Array(m * m);
    for (let i = 0; i < m; i++) {
      fresh[i * m + i] = 1;
      const column = this.basis[i] as number;
      if (column < 0) work[(-1 - column) * m + i] = 1;
      else {
        const to = this.starts[column + 1] as number;
        for (let k = this.starts[column] as number; k < to; k++)
          work[(this.rows[k] as number) * m + i] = this.values[k] as number;
      }
    }
    for (let c = 0; c < m; c++) {
      let best = c;
      for (let r = c + 1; r < m; r++)
        if (Math.abs(work[r * m + c] as number) > Math.abs(work[best * m + c] as number)) best = r;
      const top = work[best * m + c] as number;
      if (Math.abs(top) < 1e-12) return; // Near singular: the updated inverse stays.
      if (best !== c) {
        for (let k = 0; k < m; k++) {
          swap(work, best * m + k, c * m + k);
          swap(fresh, best * m + k, c * m + k);
        }
      }
      for (let k = 0; k < m; k++) {
        work[c * m + k] = (work[c * m + k] as number) / top;
        fresh[c * m + k] = (fresh[c * m + k] as number) / top;
      }
      for (let r = 0; r < m; r++) {
        const factor = work[r * m + c] as number;
        if (r === c || factor === 0) continue;
        for (let k = 0; k < m; k++) {
          work[r * m + k] = (work[r * m + k] as number) - factor * (work[c * m + k] as number);
          fresh[r * m + k] = (fresh[r * m + k] as number) - factor * (fresh[c * m + k] as number);
        }
      }
    }
    this.inverse.set(fresh);
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += (fresh[i * m + k] as number) * (this.b[k] as number);
      this.level[i] = sum;
    }
  }
}

function grown<T extends Int32Array | Float64Array>(made: T, old: T): T {
  made.set(old);
  return made;
}

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a] as number;
  values[a] = values[b] as number;
  values[b] = kept;
}
