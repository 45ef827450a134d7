import type { Dimension } from '../declare/capacity';
import type { Fleet } from '../declare/fleet';
import type { EventSink } from '../events';

/**
 * One Deployment of `replicas` identical pods on `pool`; each pod holds every model of `models`. A model may be in several
 * shards: its copies are the pods of all of them, and each pod takes an equal part of its load.
 */
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
  /** Shards that hold it, sorted; never empty. */
  readonly shards: readonly string[];
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
  /**
   * What comes first after hard budgets and locked models. `spread`: at no more cost, new models are evened out over the
   * pods, so that the loss of one takes fewest down. @default cost
   */
  readonly objective?: Objective;
  /** How long to look for cheaper packings, counted in steps: `max` takes about a minute more at 100,000 models. @default default */
  readonly effort?: Effort;
  readonly onEvent?: EventSink;
}

export type Effort = 'default' | 'max';
export type Objective = 'cost' | 'spread';

/**
 * A proven lower bound; a checker needs only the fleet and this. `volume`: by the demand in single dimensions. `dual`: by
 * weights for all dimensions at once, with big models kept whole.
 */
export type BoundCertificate = VolumeCertificate | DualCertificate;

export interface VolumeCertificate {
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

export interface DualCertificate {
  readonly method: 'dual';
  readonly classes: readonly DualClassBound[];
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
}
/**
 * For each weighting, any pods that hold the class satisfy: sum over pools of pods x `full` >= `value`. And a model of k
 * copies needs k pods of the pools that can hold it. The bound is the least cost, and the least number, of whole pods
 * that satisfy all of that.
 */
export interface DualClassBound {
  readonly class: string;
  readonly models: number;
  readonly pods: number;
  readonly podCostMicrosPerHour: number;
  readonly podsBy: 'weights' | 'replicas';
  readonly costBy: 'weights' | 'replicas';
  readonly weightings: readonly Weighting[];
}
/** Whole non-negative numbers throughout. */
export interface Weighting {
  /** One entry for each pool of the class. */
  readonly pools: readonly PoolWeights[];
  /** Extra worth of models that are big in one dimension; null: none. */
  readonly steps: WeightingSteps | null;
  /**
   * Worth of the class's models: each copy takes all its sizes, the load is where one copy is, each copy in the pool
   * where it is worth least.
   */
  readonly value: number;
}
export interface PoolWeights {
  readonly pool: string;
  /** Worth of a pod's whole room in a dimension; a part of the room is worth that part, rounded down. */
  readonly weights: Readonly<Partial<Record<Dimension, number>>>;
  /** The most that one pod can hold: the sum of the weights, and of the steps that fit together. */
  readonly full: number;
}
export interface WeightingSteps {
  readonly dimension: Dimension;
  /**
   * A copy of at least `from` (and below the next) is worth `value` more; ascending, each the size of a model. Which of
   * them fit together is counted in units of a 2,000th of the largest pod's room, sizes and rooms rounded down.
   */
  readonly steps: readonly { readonly from: number; readonly value: number }[];
}

/** Result of packing. Every model of the fleet is in at least one shard. */
export interface Packing {
  /** Sorted by id. */
  readonly shards: readonly Shard[];
  readonly bound: BoundCertificate;
  /** Locked models that left a shard, and why; sorted by key, then shard. */
  readonly evicted: readonly Eviction[];
}

export interface Eviction {
  readonly model: string;
  /** The shard that it left. */
  readonly shard: string;
  readonly reason: MoveReason;
}

/** Why a locked model is in another shard than before. */
export type MoveReason = 'repack' | 'no-longer-fits' | 'shard-gone' | 'class-changed' | 'unlocked';
