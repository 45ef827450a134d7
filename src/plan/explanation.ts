import type { CapacityVector } from '../declare/capacity';

/** What `stowage explain <model>` tells: where a model is, why there, and with whom it shares. */
export interface Explanation {
  readonly model: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly tenant: string;
  readonly isolation: 'shared' | 'process' | 'node';
  readonly group: string;
  readonly shard: string;
  readonly pool: string;
  /** Pods of the shard, and how many copies the model asks for. */
  readonly replicas: number;
  readonly replicasAsked: number;
  /** What the model takes of each pod, what all its models take, and what a pod has. */
  readonly takes: CapacityVector;
  readonly used: CapacityVector;
  readonly capacity: CapacityVector;
  readonly sharesWith: {
    readonly models: number;
    readonly tenants: readonly { readonly tenant: string; readonly models: number }[];
    /** The first ten, in key order. */
    readonly first: readonly string[];
  };
  /** Sentences, most telling first: class, pools that could hold it and their prices, lock, replicas, never-with. */
  readonly why: readonly string[];
}
