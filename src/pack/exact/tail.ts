/** A kind of shard for the search below; a `TypeTable` is one. */
export interface TailType {
  readonly price: number;
  readonly capacity: Float64Array;
  /** By item and dimension, as many dimensions as `capacity` has. */
  readonly need: Float64Array;
  /** By item: 1 where an empty shard of this type may hold it. */
  readonly allowed: Uint8Array;
}

export interface TailProblem {
  readonly count: number;
  readonly types: readonly TailType[];
  /** Must items `i` and `j` never meet? Absent: all may. */
  readonly apart?: ((i: number, j: number) => boolean) | undefined;
}

export interface TailBin {
  /** Index in `types`. */
  readonly type: number;
  readonly items: readonly number[];
}

export function priceOf(problem: TailProblem, bins: readonly TailBin[]): number {
  return bins.reduce((sum, bin) => sum + (problem.types[bin.type] as TailType).price, 0);
}
