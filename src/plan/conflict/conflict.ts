import type { BudgetName, BudgetUsage } from '../plan';

/** Why a fleet has no plan within its hard budgets, and what would help. Plain data: printable as JSON. */
export interface Conflict {
  /**
   * `proven`: a certified bound is above what the budgets leave. `undecided`: the packer found nothing that fits, and no
   * bound says that there is nothing.
   */
  readonly verdict: 'proven' | 'undecided';
  /** The budgets of the set; each would have to be dropped or raised, or models go. */
  readonly budgets: readonly ConflictingBudget[];
  /** The models of the set, by who may share with whom; empty: the budgets are broken without any model. */
  readonly models: readonly ConflictingModels[];
  /** Do the set's budgets already rule out the set's models for certain? */
  readonly setProven: boolean;
  /** True where dropping any one member was tried and fits; false where the limit on work came first. */
  readonly minimal: boolean;
  /** Hard budgets that the plan breaks beside those of the set. */
  readonly alsoBroken: readonly BudgetUsage[];
  /** Each makes the whole fleet fit on its own. Those that serve all that is declared first; of these the cheapest first. */
  readonly relaxations: readonly Relaxation[];
  /** False where the limit on work left some kinds of relaxation untried. */
  readonly allTried: boolean;
  /** Calls of the packer that this took. */
  readonly packings: number;
}

export interface ConflictingBudget {
  readonly budget: BudgetName;
  readonly unit: BudgetUsage['unit'];
  readonly limit: number;
  /** What the plan of the whole fleet uses. */
  readonly used: number;
  /** No plan of the whole fleet uses less; null: nothing is proven. */
  readonly least: number | null;
}

/** Models of one sharing class and tenant. */
export interface ConflictingModels {
  readonly tenant: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
  readonly nodeIsolated: boolean;
  readonly pools: readonly string[];
  readonly zones: readonly string[];
  /** Keys of the models in the set, those that take most first. */
  readonly keys: readonly string[];
  /** Models of the class and tenant in the fleet. */
  readonly of: number;
}

/** One change to the declaration (or to how it is planned) under which the whole fleet fits. */
export type Relaxation = (
  | RaiseBudgets
  | AllowPool
  | { readonly kind: 'repack'; readonly moves: number }
  | { readonly kind: 'fewer-replicas'; readonly replicas: number; readonly models: readonly string[] }
  | { readonly kind: 'drop-models'; readonly models: readonly string[] }
) & {
  /** Of the plan that then fits, whole nodes. */
  readonly costMicrosPerHour: number;
};

/** Usually one budget; several where each is broken whatever is done about the others. */
export interface RaiseBudgets {
  readonly kind: 'raise';
  readonly budgets: readonly {
    readonly budget: BudgetName;
    readonly unit: BudgetUsage['unit'];
    readonly from: number;
    readonly to: number;
  }[];
}

export interface AllowPool {
  readonly kind: 'allow-pool';
  readonly pool: string;
  readonly models: readonly string[];
}
