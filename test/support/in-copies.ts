import type { Packing } from '../../src/pack/packing';

/** The same packing in the layout `copies`: each shard of R pods becomes R shards of one pod with the same models. */
export function inCopies(packing: Packing): Packing {
  const shards = packing.shards.flatMap((shard) =>
    Array.from({ length: shard.replicas }, (_, k) => ({
      ...shard,
      id: k === 0 ? shard.id : `${shard.id}x${k}`,
      replicas: 1,
    })),
  );
  return { ...packing, shards: shards.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}
