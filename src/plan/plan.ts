import type { CapacityVector } from '../declare/capacity';
import type { Enforcement } from '../declare/fleet';
import type { Diagnostic } from '../errors/stowage-error';
import type { BoundCertificate, MoveReason, Shard } from '../pack/packing';

/** Version of the plan's JSON: a minor adds fields that readers ignore, a major breaks. */
export const planFormatVersion = '1.1';

/** What `stowage plan --format json` prints: everything about one fleet's placement, nothing of time or machine. */
export interface Plan {
  readonly formatVersion: typeof planFormatVersion;
  readonly fleet: { readonly name: string; readonly namespace: string };
  readonly summary: PlanSummary;
  readonly budgets: readonly BudgetUsage[];
  readonly pools: readonly PoolUsage[];
  readonly baseline: Baseline;
  readonly bound: PlanBound;
  readonly shards: readonly PlannedShard[];
  readonly changes: Changes;
  readonly warnings: readonly Diagnostic[];
  /** Where models are on demand: by sharing class, what is expected of them. */
  readonly onDemand?: readonly PlannedOnDemand[];
}

/** On-demand models of one sharing class. Forecasts are by Che's approximation from the declared requests. */
export interface PlannedOnDemand {
  readonly class: string;
  readonly models: number;
  /**
   * How long a model stays loaded after its last request where pods have no more room than is reserved; null: always, as
   * sharing room would save nothing here.
   */
  readonly keptSeconds: number | null;
  /** Which memory the figures below are of. */
  readonly memory: 'accelerator' | 'host';
  /** Of all copies. */
  readonly totalBytes: number;
  /** What a single pod would keep for all models. */
  readonly reserveBytes: number;
  /** Requests that find their model not loaded, in millionths. */
  readonly coldStartMicro: number;
  readonly coldStartsPerHour: number;
  /** Mean time of a load: what such a request waits. */
  readonly loadMillis: number;
  /** Cold starts that would be, by the share of the memory of all copies, in millionths. */
  readonly curve: readonly { readonly memoryMicro: number; readonly coldStartMicro: number }[];
}

/** Router included in pods, ips, cpu and memory; not in nodes and cost (it runs on the cluster's general nodes). */
export interface PlanSummary {
  readonly models: number;
  readonly tenants: number;
  /** Copies of models over all pods. */
  readonly copies: number;
  readonly shards: number;
  /** Different sets of shards that some model has its copies in. */
  readonly replicaSets: number;
  readonly shardPods: number;
  readonly routerPods: number;
  readonly pods: number;
  readonly ips: number;
  readonly nodes: number;
  readonly gpus: Readonly<Record<string, number>>;
  /** Requests of all containers. */
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Of which agents and routers: what sharing costs. */
  readonly overheadCpuMillis: number;
  readonly overheadMemoryBytes: number;
  /** Whole nodes, as they are billed. */
  readonly costMicrosPerHour: number;
  /** Sum of the pods' shares of their nodes' prices: what the packer minimises and the bound speaks of. */
  readonly podCostMicrosPerHour: number;
}

export type BudgetName =
  | 'pods'
  | 'ips'
  | 'nodes'
  | `gpus.${string}`
  | 'cpu'
  | 'memory'
  | 'costPerHour'
  | 'modelsPerShard'
  | 'replicaSets'
  | 'moves'
  | 'moveBytes'
  | `pool.${string}.nodes`;

export interface BudgetUsage {
  readonly budget: BudgetName;
  readonly unit: 'count' | 'millicores' | 'bytes' | 'microdollars';
  readonly used: number;
  readonly limit: number;
  /** limit - used; negative when broken. */
  readonly headroom: number;
  readonly enforcement: Enforcement;
  readonly status: 'ok' | 'broken';
}

export interface PoolUsage {
  readonly pool: string;
  readonly accelerator: string | null;
  readonly shards: number;
  readonly pods: number;
  readonly nodes: number;
  readonly maxNodes: number | null;
  readonly costMicrosPerHour: number;
  /** Mean over its pods of used / capacity, in millionths, by dimension. */
  readonly fillMicro: CapacityVector;
}

export interface PlannedShard extends Shard {
  /** Of one pod. */
  readonly used: CapacityVector;
  readonly capacity: CapacityVector;
  /** Footprint of one copy of each of `models`, in their order: so that two plans can be compared without their fleets. */
  readonly sizes: ShardSizes;
}
export interface ShardSizes {
  readonly acceleratorMemoryBytes: readonly number[];
  readonly memoryBytes: readonly number[];
  readonly diskBytes: readonly number[];
}

/** The same models with one server each. */
export interface Baseline {
  readonly servers: number;
  readonly pods: number;
  readonly ips: number;
  readonly nodes: number;
  readonly gpus: Readonly<Record<string, number>>;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly overheadCpuMillis: number;
  readonly overheadMemoryBytes: number;
  readonly costMicrosPerHour: number;
  /** The limits of this fleet that one-per-server would have hit, the tightest first (fewest models). */
  readonly limitsHit: readonly BaselineLimit[];
}
export interface BaselineLimit {
  readonly budget: BudgetName;
  readonly used: number;
  readonly limit: number;
  /** How many of the models fit within it, one per server, in key order. */
  readonly modelsThatFit: number;
}

export interface PlanBound {
  readonly certificate: BoundCertificate;
  /** (shardPods - bound) / bound and the same of pod cost, in millionths. */
  readonly podsGapMicro: number;
  readonly costGapMicro: number;
}

/** Against the lockfile: what applying this plan does to running models. */
export interface Changes {
  /** False on a first plan, where everything is new. */
  readonly against: 'lockfile' | 'nothing';
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** One entry for each copy that goes from a shard to another. */
  readonly moved: readonly Move[];
  /** Models in more or fewer shards than before, beside what moved. */
  readonly copies: readonly CopyChange[];
  readonly resized: readonly Resize[];
  readonly shardsAdded: readonly string[];
  readonly shardsRemoved: readonly string[];
  /** Bytes (of model files) that moved and added copies must fetch. */
  readonly moveBytes: number;
}
export interface Move {
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly reason: MoveReason;
}
/** Shards that hold the model. */
export interface CopyChange {
  readonly model: string;
  readonly before: number;
  readonly after: number;
}
export interface Resize {
  readonly model: string;
  readonly acceleratorMemoryBytes: { readonly before: number; readonly after: number };
  readonly memoryBytes: { readonly before: number; readonly after: number };
}
