import type { CapacityVector } from '../declare/capacity';

/** What `stowage explain <model>` tells: where a model is, why there, and with whom it shares. */
export interface Explanation {
  readonly model: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly tenant: string;
  readonly isolation: 'shared' | 'process' | 'node';
  readonly group: string;
  /** Pods that hold it, over all its shards: each takes an equal part of its load. */
  readonly copies: number;
  readonly copiesAsked: number;
  /** Shards that hold it, by id. */
  readonly shards: readonly ExplainedShard[];
  /** The other models of all its shards, each counted once. */
  readonly sharesWith: {
    readonly models: number;
    readonly tenants: readonly { readonly tenant: string; readonly models: number }[];
    /** The first ten, in key order. */
    readonly first: readonly string[];
  };
  /** Sentences, most telling first: class, pools that could hold it and their prices, lock, replicas, never-with. */
  readonly why: readonly string[];
}

export interface ExplainedShard {
  readonly shard: string;
  readonly pool: string;
  /** Its pods: as many of the model's copies. */
  readonly replicas: number;
  /** Models in it, this one included. */
  readonly models: number;
  /** What the model takes of each pod, what all its models take, and what a pod has. */
  readonly takes: CapacityVector;
  readonly used: CapacityVector;
  readonly capacity: CapacityVector;
}
