import { dimensions } from '../declare/capacity';
import type { FluidProblem } from './fluid';
import type { StepGrid } from './step-grid';

const D = dimensions.length;

/** Above so many pieces, like ones go into one bundle; up to there only equal ones. */
const mostSingle = 300;
const keyLength = 5;

/** A piece, or some of its copies, as it goes into bundles: filled anew for each. */
export interface BundleEntry {
  /** By type and dimension, as in `FluidProblem`. */
  readonly share: Float64Array;
  /** By type: 1 where the piece may be. */
  readonly allowed: Uint8Array;
  /** By family of steps. */
  readonly steps: Int32Array;
  /** Sizes, then loads, by which pieces are alike. */
  readonly key: Float64Array;
}

/** Collects pieces into at most a few thousand bundles of like pieces, with their shares summed. */
export class Bundles {
  readonly entry: BundleEntry;
  private readonly coarse: boolean;
  private readonly index = new Map<string | number, number>();
  private readonly kinds = new Map<string, number>();
  private readonly last: { readonly allowed: Uint8Array; code: number }[];
  private count = 0;
  private sums: Float64Array;
  private readonly steps: number[][] = [];
  private readonly counts: number[] = [];

  constructor(
    private readonly types: number,
    pieces: number,
    families: number,
  ) {
    this.coarse = pieces > mostSingle;
    this.sums = new Float64Array(64 * types * D);
    this.last = [0, 1].map(() => ({ allowed: new Uint8Array(types), code: -1 }));
    this.entry = {
      share: new Float64Array(types * D),
      allowed: new Uint8Array(types),
      steps: new Int32Array(families),
      key: new Float64Array(keyLength),
    };
  }

  /** Adds `copies` of the entry as it stands; the two kinds are kept apart. */
  add(kind: 0 | 1, copies: number): void {
    const { share, steps } = this.entry;
    const spelled = this.spelled(kind);
    const width = share.length;
    let at = this.index.get(spelled);
    if (at === undefined) {
      at = this.count++;
      this.index.set(spelled, at);
      this.steps.push([...steps]);
      this.counts.push(0);
      if (this.count * width > this.sums.length) {
        const grown = new Float64Array(this.sums.length * 2);
        grown.set(this.sums);
        this.sums = grown;
      }
    }
    const { sums } = this;
    const from = at * width;
    for (let k = 0; k < width; k++) sums[from + k] = (sums[from + k] as number) + copies * (share[k] as number);
    this.counts[at] = (this.counts[at] as number) + copies;
  }

  /** A number where one can say it: for many pieces much faster than a text. */
  private spelled(kind: 0 | 1): string | number {
    const { key, steps } = this.entry;
    const where = this.whereOf(kind);
    if (!this.coarse) return `${where}/${steps.join()}/${key.join('/')}`;
    let code = where;
    for (let k = 0; k < key.length; k++) code = code * 128 + bucket(key[k] as number);
    for (let f = 0; f < steps.length; f++) code = code * 64 + (steps[f] as number) + 1;
    return code <= Number.MAX_SAFE_INTEGER ? code : `${where}/${steps.join()}/${Array.from(key, bucket).join('/')}`;
  }

  /** A number for the kind and where it is allowed: most pieces are where the one before was. */
  private whereOf(kind: 0 | 1): number {
    const { allowed } = this.entry;
    const last = this.last[kind] as (typeof this.last)[number];
    let same = last.code >= 0;
    for (let t = 0; t < allowed.length && same; t++) same = allowed[t] === last.allowed[t];
    if (same) return last.code;
    const name = `${kind}${allowed.join('')}`;
    let code = this.kinds.get(name);
    if (code === undefined) {
      code = this.kinds.size;
      this.kinds.set(name, code);
    }
    last.allowed.set(allowed);
    last.code = code;
    return code;
  }

  problem(grids: readonly StepGrid[], price: readonly number[]): FluidProblem {
    return {
      types: this.types,
      dimensions: D,
      price,
      pieces: this.count,
      share: this.sums.slice(0, this.count * this.types * D),
      steps: grids.map((grid, f) => ({
        of: Int32Array.from(this.steps, (steps) => steps[f] as number),
        count: Float64Array.from(this.counts),
        size: grid.edges.map((edge) => Math.floor(edge / grid.unit)),
        most: grid.most,
        room: grid.rooms.map((room) => Math.floor(room / grid.unit)),
        allows: (t, j) => (grid.replicas[t] as number) >= (grid.levels[j] as number),
      })),
    };
  }
}

/** Three buckets for two octaves, from 1 to 127; what is next to nothing is in the first. */
function bucket(x: number): number {
  return x <= 0 ? 0 : Math.max(1, Math.min(127, Math.floor(1.5 * Math.log2(x)) + 20));
}
