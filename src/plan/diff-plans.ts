import type { LockedModel } from '../pack/packing';
import { homesOf } from './homes';
import { type ModelChanges, modelChanges } from './model-changes';
import type { BudgetUsage, Plan, PlannedShard, PlanSummary } from './plan';
import { type BudgetChange, diffFormatVersion, type PlanDiff, type ShardChange, type TotalChange } from './plan-diff';

/** How `after` differs from `before`: two plans of one fleet, of any two times. Lists are sorted by code point. */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const { moveBytes, ...models } = changedModels(before, after);
  const shards = shardChanges(before, after);
  const totals = totalChanges(before.summary, after.summary);
  const changed =
    Object.values(models).some((list) => list.length > 0) ||
    Object.values(shards).some((list) => list.length > 0) ||
    totals.some((total) => total.before !== total.after);
  return {
    formatVersion: diffFormatVersion,
    fleet: { name: after.fleet.name },
    changed,
    models,
    shards,
    totals,
    budgets: budgetChanges(before.budgets, after.budgets),
    moveBytes,
  };
}

/** The placement of a plan, as a lockfile would keep it. */
function lockedModels(plan: Plan): LockedModel[] {
  return [...homesOf(plan.shards)].map(([key, { shards, at }]) => ({
    key,
    shards: shards.map(({ id }) => id),
    acceleratorMemoryBytes: shards[0]?.sizes.acceleratorMemoryBytes[at] ?? 0,
    memoryBytes: shards[0]?.sizes.memoryBytes[at] ?? 0,
  }));
}

function changedModels(before: Plan, after: Plan): ModelChanges {
  const old = new Map(before.shards.map((shard) => [shard.id, shard]));
  const kept = new Set(after.shards.map((shard) => shard.id));
  // The plan knows the reason of a move against its lockfile, which may be of another time than `before`.
  const known = new Map(after.changes.moved.map(({ model, from, to, reason }) => [`${model} ${from} ${to}`, reason]));
  return modelChanges(
    {
      models: lockedModels(before),
      freshPods: (shard) => {
        const same = old.get(shard.id);
        return same !== undefined && !restarts(same, shard)
          ? Math.max(0, shard.replicas - same.replicas)
          : shard.replicas;
      },
      reason: (model, from, to) => known.get(`${model} ${from} ${to}`) ?? (kept.has(from) ? 'repack' : 'shard-gone'),
    },
    homesOf(after.shards),
  );
}

function shardChanges(before: Plan, after: Plan): PlanDiff['shards'] {
  const old = new Map(before.shards.map((shard) => [shard.id, shard]));
  const now = new Set(after.shards.map((shard) => shard.id));
  const changed: ShardChange[] = [];
  for (const shard of after.shards) {
    const was = old.get(shard.id);
    if (was === undefined) continue;
    const fresh = restarts(was, shard);
    const sameModels =
      was.models.length === shard.models.length && was.models.every((key, i) => key === shard.models[i]);
    if (!fresh && sameModels && was.replicas === shard.replicas) continue;
    changed.push({
      shard: shard.id,
      pool: { before: was.pool, after: shard.pool },
      replicas: { before: was.replicas, after: shard.replicas },
      models: { before: was.models.length, after: shard.models.length },
      restarts: fresh,
    });
  }
  return {
    added: after.shards.map((shard) => shard.id).filter((id) => !old.has(id)),
    removed: before.shards.map((shard) => shard.id).filter((id) => !now.has(id)),
    changed,
  };
}

/** Whatever stands in the pod's template. */
function restarts(before: PlannedShard, after: PlannedShard): boolean {
  return (
    before.pool !== after.pool ||
    before.runtime !== after.runtime ||
    before.base !== after.base ||
    before.group !== after.group ||
    before.nodeIsolated !== after.nodeIsolated ||
    before.zones.join() !== after.zones.join()
  );
}

/** All totals, changed or not, in a fixed order. */
function totalChanges(before: PlanSummary, after: PlanSummary): TotalChange[] {
  const kinds = [...new Set([...Object.keys(before.gpus), ...Object.keys(after.gpus)])].sort();
  const row = (total: TotalChange['total'], unit: TotalChange['unit'], pick: (summary: PlanSummary) => number) => ({
    total,
    unit,
    before: pick(before),
    after: pick(after),
  });
  return [
    row('models', 'count', (summary) => summary.models),
    row('shards', 'count', (summary) => summary.shards),
    row('replicaSets', 'count', (summary) => summary.replicaSets),
    row('pods', 'count', (summary) => summary.pods),
    row('ips', 'count', (summary) => summary.ips),
    row('nodes', 'count', (summary) => summary.nodes),
    ...kinds.map((kind) =>
      row(`gpus.${kind}`, 'count', ({ gpus }) => (Object.hasOwn(gpus, kind) ? (gpus[kind] ?? 0) : 0)),
    ),
    row('cpu', 'millicores', (summary) => summary.cpuMillis),
    row('memory', 'bytes', (summary) => summary.memoryBytes),
    row('costPerHour', 'microdollars', (summary) => summary.costMicrosPerHour),
  ];
}

/** The budgets that hold now; `before` is null for one that the earlier plan did not have. */
function budgetChanges(before: readonly BudgetUsage[], after: readonly BudgetUsage[]): BudgetChange[] {
  const old = new Map(before.map((usage) => [usage.budget, usage.used]));
  return after.map(({ budget, unit, used, limit, headroom, enforcement, status }) => ({
    budget,
    unit,
    before: old.get(budget) ?? null,
    after: used,
    limit,
    headroom,
    enforcement,
    status,
  }));
}
