import { byModel } from './changes';
import type { BudgetUsage, Move, Plan, PlannedShard, PlanSummary, Resize } from './plan';
import { type BudgetChange, diffFormatVersion, type PlanDiff, type ShardChange, type TotalChange } from './plan-diff';

interface Placed {
  readonly shard: PlannedShard;
  /** Position in the shard's lists. */
  readonly at: number;
}

/** How `after` differs from `before`: two plans of one fleet, of any two times. Lists are sorted by code point. */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const { models, moveBytes } = modelChanges(before, after);
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

function modelChanges(before: Plan, after: Plan): Pick<PlanDiff, 'models' | 'moveBytes'> {
  const old = placements(before);
  const oldShards = new Map(before.shards.map((shard) => [shard.id, shard]));
  const kept = new Set(after.shards.map((shard) => shard.id));
  // The plan knows the reason of a move against its lockfile, which may be of another time than `before`.
  const known = new Map(after.changes.moved.map((move) => [move.model, move]));
  const added: string[] = [];
  const moved: Move[] = [];
  const resized: Resize[] = [];
  let moveBytes = 0;
  for (const shard of after.shards) {
    const same = oldShards.get(shard.id);
    const freshPods =
      same !== undefined && !restarts(same, shard) ? Math.max(0, shard.replicas - same.replicas) : shard.replicas;
    shard.models.forEach((model, at) => {
      const was = old.get(model);
      old.delete(model);
      const stays = was?.shard.id === shard.id;
      moveBytes += (stays ? freshPods : shard.replicas) * (shard.sizes.diskBytes[at] ?? 0);
      if (was === undefined) {
        added.push(model);
        return;
      }
      const from = was.shard.id;
      if (!stays) {
        const told = known.get(model);
        const reason =
          told?.from === from && told.to === shard.id ? told.reason : kept.has(from) ? 'repack' : 'shard-gone';
        moved.push({ model, from, to: shard.id, reason });
      }
      const resize = resizeOf(model, was, { shard, at });
      if (resize !== null) resized.push(resize);
    });
  }
  return {
    models: {
      added: added.sort(),
      removed: [...old.keys()].sort(),
      moved: moved.sort(byModel),
      resized: resized.sort(byModel),
    },
    moveBytes,
  };
}

function placements(plan: Plan): Map<string, Placed> {
  const placed = new Map<string, Placed>();
  for (const shard of plan.shards) shard.models.forEach((model, at) => void placed.set(model, { shard, at }));
  return placed;
}

function resizeOf(model: string, before: Placed, after: Placed): Resize | null {
  const change = (dimension: 'acceleratorMemoryBytes' | 'memoryBytes') => ({
    before: before.shard.sizes[dimension][before.at] ?? 0,
    after: after.shard.sizes[dimension][after.at] ?? 0,
  });
  const acceleratorMemoryBytes = change('acceleratorMemoryBytes');
  const memoryBytes = change('memoryBytes');
  const same =
    acceleratorMemoryBytes.before === acceleratorMemoryBytes.after && memoryBytes.before === memoryBytes.after;
  return same ? null : { model, acceleratorMemoryBytes, memoryBytes };
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
