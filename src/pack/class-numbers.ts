import { dimensions } from '../declare/capacity';
import type { Pool } from '../declare/fleet';
import { type ClassContext, shareOf } from './class-context';
import type { Piece } from './pieces';

export const D = dimensions.length;

/** A class as flat numbers: pieces by index, pools by index (cheapest first). Exact integers in doubles. */
export interface ClassNumbers {
  readonly pieces: readonly Piece[];
  readonly pools: readonly Pool[];
  readonly onAccelerator: readonly boolean[];
  /** What the packer minimises, by pool: a pod's price, and a little for the pod itself, so that ties go to fewer pods. */
  readonly price: readonly number[];
  /** By pool and dimension. */
  readonly capacity: Float64Array;
  readonly accelerator: Float64Array;
  readonly memory: Float64Array;
  readonly disk: Float64Array;
  readonly duty: Float64Array;
  readonly cpu: Float64Array;
  /** How many it counts as: more than one where it stands for several. */
  readonly models: Float64Array;
  /** Fewest replicas of a shard that may hold the piece. */
  readonly replicas: Int32Array;
  /** By how many its load is divided, beside the shard's replicas. */
  readonly share: Int32Array;
  /** Pieces of one model stand together: the first of them, and the one after the last. */
  readonly first: Int32Array;
  readonly end: Int32Array;
}

/** `scarcity`: by pool name, how many times dearer than its price a pod counts, where pods of it are short. */
export function classNumbers(
  context: ClassContext,
  pieces: readonly Piece[],
  scarcity: ReadonlyMap<string, number> = new Map(),
): ClassNumbers {
  const { pools, runtime } = context;
  const capacity = new Float64Array(pools.length * D);
  pools.forEach((pool, p) => {
    capacity.set(context.capacity.get(pool.name) ?? [], p * D);
  });
  const overhead = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
  const count = pieces.length;
  const amounts = () => new Float64Array(count);
  const numbers = {
    pieces,
    pools,
    onAccelerator: pools.map((pool) => pool.accelerator !== null),
    price: pools.map((pool) => {
      const times = scarcity.get(pool.name) ?? 1;
      return Math.round(1000 * (pool.podPriceMicrosPerHour * times + times - 1)) + 1;
    }),
    capacity,
    accelerator: amounts(),
    memory: amounts(),
    disk: amounts(),
    duty: amounts(),
    cpu: amounts(),
    models: amounts(),
    replicas: new Int32Array(count),
    share: new Int32Array(count),
    ...families(pieces),
  };
  // One loop over the models: each is looked up once.
  for (let i = 0; i < count; i++) {
    const { model, copies } = pieces[i] as Piece;
    const { footprint, load } = model;
    numbers.accelerator[i] = footprint.acceleratorMemoryBytes;
    numbers.memory[i] = footprint.memoryBytes + overhead;
    numbers.disk[i] = footprint.diskBytes;
    numbers.duty[i] = load.microDuty;
    numbers.cpu[i] = load.cpuMillis;
    numbers.models[i] = model.countsAs ?? 1;
    numbers.replicas[i] = copies === 0 ? model.replicas : 1;
    numbers.share[i] = Math.max(1, copies);
  }
  return numbers;
}

function families(pieces: readonly Piece[]): { first: Int32Array; end: Int32Array } {
  const first = new Int32Array(pieces.length);
  const end = new Int32Array(pieces.length);
  for (let from = 0; from < pieces.length; ) {
    const { model } = pieces[from] as Piece;
    let to = from + 1;
    while (to < pieces.length && pieces[to]?.model === model) to++;
    for (let i = from; i < to; i++) {
      first[i] = from;
      end[i] = to;
    }
    from = to;
  }
  return { first, end };
}

/** What piece `i` takes of one pod of pool `p` in dimension `d`, in a shard of `replicas` pods. */
export function demandOn(numbers: ClassNumbers, i: number, p: number, d: number, replicas: number): number {
  const parts = replicas * (numbers.share[i] as number);
  const gpu = numbers.onAccelerator[p] as boolean;
  switch (d) {
    case 0:
      return gpu ? (numbers.accelerator[i] as number) : 0;
    case 1:
      return gpu ? shareOf(numbers.duty[i] as number, 1000, (numbers.pools[p] as Pool).speedMilli * parts) : 0;
    case 2:
      return numbers.memory[i] as number;
    case 3:
      return gpu
        ? Math.ceil((numbers.cpu[i] as number) / parts)
        : shareOf(numbers.cpu[i] as number, 1000, (numbers.pools[p] as Pool).speedMilli * parts);
    case 4:
      return numbers.disk[i] as number;
    default:
      return numbers.models[i] as number;
  }
}
