import { dimensions } from '../declare/capacity';
import type { Pool } from '../declare/fleet';
import type { ClassContext } from './class-context';
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
  // A loop, as Float64Array.from takes several times as long.
  const column = (of: (model: Piece['model']) => number): Float64Array => {
    const values = new Float64Array(pieces.length);
    for (let i = 0; i < values.length; i++) values[i] = of((pieces[i] as Piece).model);
    return values;
  };
  const overhead = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
  return {
    pieces,
    pools,
    onAccelerator: pools.map((pool) => pool.accelerator !== null),
    price: pools.map((pool) => {
      const times = scarcity.get(pool.name) ?? 1;
      return Math.round(1000 * (pool.podPriceMicrosPerHour * times + times - 1)) + 1;
    }),
    capacity,
    accelerator: column((model) => model.footprint.acceleratorMemoryBytes),
    memory: column((model) => model.footprint.memoryBytes + overhead),
    disk: column((model) => model.footprint.diskBytes),
    duty: column((model) => model.load.microDuty),
    cpu: column((model) => model.load.cpuMillis),
    models: column((model) => model.countsAs ?? 1),
    replicas: Int32Array.from(pieces, ({ model, copies }) => (copies === 0 ? model.replicas : 1)),
    share: Int32Array.from(pieces, ({ copies }) => Math.max(1, copies)),
    ...families(pieces),
  };
}

function families(pieces: readonly Piece[]): { first: Int32Array; end: Int32Array } {
  const first = new Int32Array(pieces.length);
  const end = new Int32Array(pieces.length);
  for (let from = 0; from < pieces.length; ) {
    let to = from + 1;
    while (to < pieces.length && pieces[to]?.model === pieces[from]?.model) to++;
    first.fill(from, from, to);
    end.fill(to, from, to);
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

/** ceil(a x b / c), exact also where a x b passes 2^53; the same as in declare/capacity. */
function shareOf(a: number, b: number, c: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.ceil(product / c);
  return Number((BigInt(a) * BigInt(b) + BigInt(c) - 1n) / BigInt(c));
}
