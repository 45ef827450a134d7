/** What of a fleet's placement the lockfile's holder has to weigh: cost against moves. Cumulative, against the lockfile. */
export interface RebalancePoint {
  /** Copies that go from a shard of the lockfile to another; forced ones included. */
  readonly moves: number;
  /** Bytes (of model files) that moved and added copies must fetch. */
  readonly moveBytes: number;
  /** Of shards; routers are not counted. */
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
}

/**
 * `drain`: the models of whole shards go into the room of others. `cheaper-pool`: a shard's models go to a new shard of a
 * cheaper pool. `merge`: those of several shards go to a new one. `shrink`: a shard has a pod less.
 */
export type RebalanceKind = 'drain' | 'cheaper-pool' | 'merge' | 'shrink';

/** One saving that is made whole or not at all; `point` is how things stand after it and all steps before it. */
export interface RebalanceStep {
  readonly kind: RebalanceKind;
  /** Shards that end, or the one that shrinks. */
  readonly shards: readonly string[];
  readonly opened: { readonly id: string; readonly pool: string } | null;
  readonly point: RebalancePoint;
}
