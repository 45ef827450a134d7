/** How the benchmark's models lie on its pods, known to all its processes alike. */
export interface Sizes {
  readonly models: number;
  readonly shards: number;
  /** Pods of each group: its own, and those of other groups, as in layout `copies`. */
  readonly copies: number;
}

export const modelName = (i: number): string => `model-${`${i}`.padStart(7, '0')}`;
export const inferPath = (model: number): string => `/v2/models/${modelName(model)}/infer`;

/** Of the pods of a group. */
export const podsOf = (shard: number, { shards, copies }: Sizes): readonly number[] => [
  ...new Set(Array.from({ length: copies }, (_, i) => (shard + i * 389) % shards)),
];

/** Addresses of pods are loopback addresses, so that one process can be all pods. */
export const podAddress = (pod: number): string => `127.1.${pod >> 8}.${pod & 255}`;

/** Neighbours by name are on different shards. */
export const shardOf = (model: number, shards: number, moved: number): number => (model * 7919 + moved) % shards;

/** Whole numbers below a limit, the same in each run. */
export function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}
