import type { Dimension } from '../declare/capacity';
import type { Fleet } from '../declare/fleet';
import type { EventSink } from '../events';

/** One Deployment of `replicas` identical pods on `pool`; each pod holds every model of `models`. */
export interface Shard {
  /** DNS label; allocated once, never renumbered, says nothing of the content. */
  readonly id: string;
  readonly pool: string;
  readonly runtime: string;
  readonly base: string | null;
  /** Isolation group: `shared`, or the group whose models alone it may hold. */
  readonly group: string;
  readonly nodeIsolated: boolean;
  readonly zones: readonly string[];
  readonly replicas: number;
  /** Model keys, sorted by code point. */
  readonly models: readonly string[];
}

/** What a lockfile says of one shard and one model. */
export interface LockedShard {
  readonly id: string;
  readonly pool: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
  readonly replicas: number;
}
export interface LockedModel {
  readonly key: string;
  readonly shard: string;
  /** What it was packed with. */
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
}
export interface LockedPlacement {
  readonly shards: readonly LockedShard[];
  readonly models: readonly LockedModel[];
}

/**
 * `stable`: locked models stay where they still fit, new ones fill gaps; `repack`: from nothing (shard ids are kept
 * where a new shard keeps most of an old one's models). `unlocked` frees single models in stable mode.
 */
export interface PackRequest {
  readonly fleet: Fleet;
  readonly prior?: LockedPlacement;
  readonly mode?: 'stable' | 'repack';
  readonly unlocked?: ReadonlySet<string>;
  readonly onEvent?: EventSink;
}

/**
 * A proven lower bound. For each sharing class, weights for the demand of its models in one dimension such that no pod
 * of any allowed pool can hold more than its price; a checker needs only the fleet and this.
 */
export interface BoundCertificate {
  readonly method: 'volume';
  readonly classes: readonly ClassBound[];
  /** Sums of the classes', each rounded up to whole pods. */
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
}
export interface ClassBound {
  /** The sharing class, as `classKey` in sharing.ts spells it. */
  readonly class: string;
  readonly models: number;
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
  /** Which argument gave each of the two figures. */
  readonly podsBy: Dimension | 'replicas';
  readonly costBy: Dimension | 'replicas';
}

/** Result of packing. Every model of the fleet is in exactly one shard. */
export interface Packing {
  /** Sorted by id. */
  readonly shards: readonly Shard[];
  readonly bound: BoundCertificate;
  /** Locked models that left their shard, by key, and why; sorted by key. */
  readonly evicted: readonly { readonly model: string; readonly reason: MoveReason }[];
}

/** Why a locked model is in another shard than before. */
export type MoveReason = 'repack' | 'no-longer-fits' | 'shard-gone' | 'class-changed' | 'unlocked';
