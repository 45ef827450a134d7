import type { Enforcement } from '../declare/fleet';
import type { BudgetName, BudgetUsage, CopyChange, Move, Resize } from './plan';

export const diffFormatVersion = '1.1';

/** What `stowage diff --format json` prints: how one plan of a fleet differs from an earlier one. */
export interface PlanDiff {
  readonly formatVersion: typeof diffFormatVersion;
  readonly fleet: { readonly name: string };
  /** False where nothing that a cluster would see differs. */
  readonly changed: boolean;
  readonly models: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** One entry for each copy that goes from a shard to another. */
    readonly moved: readonly Move[];
    /** Models in more or fewer shards than before, beside what moved. */
    readonly copies: readonly CopyChange[];
    readonly resized: readonly Resize[];
  };
  readonly shards: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly ShardChange[];
  };
  readonly totals: readonly TotalChange[];
  readonly budgets: readonly BudgetChange[];
  /** Bytes (of model files) that moved and added copies must fetch. */
  readonly moveBytes: number;
}

/** A shard that is in both plans and differs. */
export interface ShardChange {
  readonly shard: string;
  readonly pool: { readonly before: string; readonly after: string };
  readonly replicas: { readonly before: number; readonly after: number };
  readonly models: { readonly before: number; readonly after: number };
  /** True where its pods are made anew (other pool); a change of models alone restarts none. */
  readonly restarts: boolean;
}

export interface TotalChange {
  readonly total:
    | 'models'
    | 'shards'
    | 'replicaSets'
    | 'pods'
    | 'ips'
    | 'nodes'
    | `gpus.${string}`
    | 'cpu'
    | 'memory'
    | 'costPerHour';
  readonly unit: BudgetUsage['unit'];
  readonly before: number;
  readonly after: number;
}

export interface BudgetChange {
  readonly budget: BudgetName;
  readonly unit: BudgetUsage['unit'];
  readonly before: number | null;
  readonly after: number;
  readonly limit: number;
  readonly headroom: number;
  readonly enforcement: Enforcement;
  readonly status: BudgetUsage['status'];
}
