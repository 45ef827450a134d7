/** The library: declare, plan, lock, explain, verify, render. The skins are `stowage/pulumi` and `stowage/cdk8s`. */
export type { CapacityVector, Dimension } from './declare/capacity';
export { readCatalogue } from './declare/catalogue';
export { type DefineOptions, defineFleet } from './declare/define-fleet';
export type {
  Accelerator,
  Alias,
  AliasMirror,
  AliasTarget,
  BaselineOptions,
  Budgets,
  Fleet,
  Limit,
  MeshOptions,
  Model,
  PackingOptions,
  Pool,
  ServingRuntime,
  SourceLocation,
  Tenant,
} from './declare/fleet';
export type { AliasInput, FleetInput, ModelInput, PoolInput, RuntimeInput, TenantInput } from './declare/input';
export { fleetJsonSchema, modelJsonSchema } from './declare/json-schema';
export { type LoadOptions, loadFleet } from './declare/load-fleet';
export type { ErrorCode } from './errors/registry';
export { type Diagnostic, StowageError } from './errors/stowage-error';
export type { EventSink, Phase, StowageEvent } from './events';
export { pack } from './pack/pack';
export type {
  BoundCertificate,
  ClassBound,
  LockedModel,
  LockedPlacement,
  LockedShard,
  MoveReason,
  Packing,
  PackRequest,
  Shard,
} from './pack/packing';
export { relaxedFleet } from './plan/conflict/apply-relaxation';
export type { Conflict, ConflictingBudget, ConflictingModels, Relaxation } from './plan/conflict/conflict';
export { diffPlans } from './plan/diff-plans';
export { explainModel } from './plan/explain';
export type { ExplainedShard, Explanation } from './plan/explanation';
export { mergeLocks } from './plan/lock-merge';
export { formatLockfile, lockOf, parseLockfile } from './plan/lockfile';
export { brokenBudgets, makePlan } from './plan/make-plan';
export type {
  Baseline,
  BudgetName,
  BudgetUsage,
  Changes,
  CopyChange,
  Move,
  Plan,
  PlanBound,
  PlannedShard,
  PlanSummary,
  PoolUsage,
  Resize,
} from './plan/plan';
export type { BudgetChange, PlanDiff, ShardChange, TotalChange } from './plan/plan-diff';
export { readPlan } from './plan/read-plan';
export type { MoveEconomics, RepackCurve } from './plan/repack-curve';
export { type Transition, transitionOf } from './plan/transition';
export { type PlanFleetOptions, type PlannedFleet, planFleet, saveLock } from './project/plan-fleet';
export { type RepackedFleet, type RepackOptions, repackFleet, saveRepack } from './project/repack-fleet';
export type { KubernetesObject, RenderedGroup } from './render/objects';
export { renderFleet } from './render/render';
export { toYaml } from './render/yaml';
export { builtInRuntimes } from './runtimes/catalogue';
export { verifyTransition } from './verify/check-transition';
export type { Verification } from './verify/verification';
export { verifyPlan } from './verify/verify';
