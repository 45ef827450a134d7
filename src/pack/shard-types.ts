import { dimensions } from '../declare/capacity';
import { type ClassNumbers, demandOn } from './class-numbers';
import { fitsAlone } from './fluid-problems';
import type { ShardType } from './step-grid';

const D = dimensions.length;

/** A kind of shard with its demands looked up: exact integers by model and active dimension. */
export interface TypeTable extends ShardType {
  readonly index: number;
  /** Of all its replicas together. */
  readonly price: number;
  readonly capacity: Float64Array;
  readonly need: Float64Array;
  /** By model: 1 where an empty shard of this type may hold it. */
  readonly allowed: Uint8Array;
}

/** The shard types of a class, made as they are asked for. */
export class ShardTypes {
  readonly all: TypeTable[] = [];
  /** Dimensions that any model of the class takes from. */
  readonly dimensions: readonly number[];
  private readonly known = new Map<number, TypeTable>();

  constructor(readonly numbers: ClassNumbers) {
    this.dimensions = activeDimensions(numbers);
  }

  get(pool: number, replicas: number): TypeTable {
    const key = replicas * 4096 + pool;
    const existing = this.known.get(key);
    if (existing !== undefined) return existing;
    const { numbers, dimensions } = this;
    const n = numbers.pieces.length;
    const width = dimensions.length;
    const need = new Float64Array(n * width);
    const allowed = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      for (let a = 0; a < width; a++)
        need[i * width + a] = demandOn(numbers, i, pool, dimensions[a] as number, replicas);
      allowed[i] = fitsAlone(numbers, i, pool, replicas) ? 1 : 0;
    }
    const table: TypeTable = {
      index: this.all.length,
      pool,
      replicas,
      price: (numbers.price[pool] as number) * replicas,
      capacity: Float64Array.from(dimensions, (d) => numbers.capacity[pool * D + d] as number),
      need,
      allowed,
    };
    this.all.push(table);
    this.known.set(key, table);
    return table;
  }
}

function activeDimensions(numbers: ClassNumbers): number[] {
  const active: number[] = [];
  for (let d = 0; d < D; d++) {
    let used = false;
    for (let p = 0; p < numbers.pools.length && !used; p++) {
      const capacity = numbers.capacity[p * D + d] as number;
      // A dimension that all models together cannot fill is none to watch.
      let total = 0;
      for (let i = 0; i < numbers.pieces.length && total <= capacity; i++) total += demandOn(numbers, i, p, d, 1);
      used = total > capacity;
    }
    if (used) active.push(d);
  }
  return active.length > 0 ? active : [D - 1];
}
