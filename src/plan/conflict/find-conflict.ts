import type { Fleet, Model } from '../../declare/fleet';
import type { PackRequest } from '../../pack/packing';
import { brokenBudgets } from '../make-plan';
import type { BudgetName, BudgetUsage, Plan } from '../plan';
import { appetites } from './appetite';
import type { Attempt } from './attempt';
import type { Conflict, ConflictingBudget } from './conflict';
import { provenLeast } from './least';
import { hardBudgets } from './limited';
import { type Narrowed, narrow } from './narrow';
import { classParts, described, modelParts, modelsOf, type Part, tenantParts } from './parts';
import { Prober } from './prober';
import { relaxations } from './relax';

/** Limit on the work of each of the two stages: models packed, and calls of the packer. */
export interface ConflictEffort {
  readonly models: number;
  readonly packings: number;
}

/** Many packings of a small fleet; of a large one, parts of it and one or two of the whole. */
function effortFor(fleet: Fleet): ConflictEffort {
  const { length } = fleet.models;
  return { models: Math.max(length, Math.min(60_000, 20_000 + 2 * length)), packings: 120 };
}

/**
 * Why no plan within the hard budgets was found: a small set of budgets and models that do not hold together, and what
 * would help. Null where the attempt fits.
 * @param request that the attempt was made with
 */
export function findConflict(request: PackRequest, found: Attempt, effort?: ConflictEffort): Conflict | null {
  if (found.fits) return null;
  const { fleet } = request;
  const { models: most, packings } = effort ?? effortFor(fleet);
  const broken = brokenBudgets(found.plan);
  const prober = new Prober(request, most, packings);
  prober.remember(new Set(hardBudgets(fleet)), fleet.models, found);
  const set = conflictingSet(fleet, broken, found, prober);
  prober.allow(most, packings);
  const blame = appetites(fleet, found.plan, [...new Set([...set.budgets, ...broken.map(({ budget }) => budget)])]);
  const relaxed = relaxations(
    {
      fleet,
      plan: found.plan,
      budgets: set.budgets,
      models: fleet.models.filter(({ key }) => (blame.get(key) ?? 0) > 0).sort(byAppetite(blame)),
    },
    prober,
  );
  return {
    verdict: found.proven || set.proven ? 'proven' : 'undecided',
    budgets: set.budgets.map((budget) => conflictingBudget(budget, fleet, found)),
    models: described(fleet, set.models),
    setProven: set.proven,
    minimal: set.minimal,
    alsoBroken: broken.filter(({ budget }) => !set.budgets.includes(budget)),
    relaxations: relaxed.found,
    allTried: relaxed.all,
    packings: prober.packings,
  };
}

interface ConflictingSet {
  readonly budgets: readonly BudgetName[];
  readonly models: readonly Model[];
  readonly minimal: boolean;
  readonly proven: boolean;
}

/** Budgets first, with all models; then models, within these; then again, where fewer models need fewer budgets. */
function conflictingSet(fleet: Fleet, broken: readonly BudgetUsage[], found: Attempt, prober: Prober): ConflictingSet {
  let budgets = conflictingBudgets(fleet, broken, found.plan, prober);
  let appetite = appetites(fleet, found.plan, budgets.items);
  let parts = conflictingModels(new Set(budgets.items), classParts(fleet, appetite), appetite, prober, fleet);
  let { minimal } = parts;
  minimal &&= budgets.minimal;
  while (minimal && parts.items.length > 0) {
    const models = modelsOf(fleet, parts.items);
    const fewer = narrow(budgets.items, (part) => fails(prober, new Set(part), models));
    minimal = fewer.minimal;
    if (!minimal || fewer.items.length === budgets.items.length) break;
    budgets = fewer;
    appetite = appetites(fleet, found.plan, budgets.items);
    parts = conflictingModels(new Set(budgets.items), parts.items, appetite, prober, fleet);
    minimal = parts.minimal;
  }
  const models = modelsOf(fleet, parts.items);
  const proven = prober.within(new Set(budgets.items), models)?.proven ?? false;
  return { budgets: budgets.items, models: [...models].sort(byAppetite(appetite)), minimal, proven };
}

function byAppetite(appetite: ReadonlyMap<string, number>): (a: Model, b: Model) => number {
  return (a, b) => (appetite.get(b.key) ?? 0) - (appetite.get(a.key) ?? 0);
}

/** Those that are broken most first: what stands last is dropped first. */
function conflictingBudgets(
  fleet: Fleet,
  broken: readonly BudgetUsage[],
  plan: Plan,
  prober: Prober,
): Narrowed<BudgetName> {
  const over = new Map(broken.map(({ budget, used, limit }) => [budget, used / Math.max(1, limit)]));
  const order = plan.budgets.map(({ budget }) => budget);
  const all = hardBudgets(fleet).sort(
    (a, b) => (over.get(b) ?? 0) - (over.get(a) ?? 0) || order.indexOf(a) - order.indexOf(b),
  );
  return narrow(all, (part) => fails(prober, new Set(part), fleet.models));
}

/** Of parts that fail: classes first, then tenants in them, then single models. */
function conflictingModels(
  budgets: ReadonlySet<BudgetName>,
  parts: readonly Part[],
  appetite: ReadonlyMap<string, number>,
  prober: Prober,
  fleet: Fleet,
): Narrowed<Part> {
  const tried = (some: readonly Part[]) => fails(prober, budgets, modelsOf(fleet, some));
  if (fails(prober, budgets, []) === true) return { items: [], minimal: true };
  let current = narrow(parts, tried);
  for (const finer of [tenantParts, modelParts]) {
    const next = finer(current.items, appetite);
    if (next.length > current.items.length) current = narrow(next, tried);
  }
  return current;
}

function fails(prober: Prober, budgets: ReadonlySet<BudgetName>, models: readonly Model[]): boolean | null {
  const found = prober.within(budgets, models);
  return found === null ? null : !found.fits;
}

function conflictingBudget(budget: BudgetName, fleet: Fleet, { plan, packing }: Attempt): ConflictingBudget {
  const usage = plan.budgets.find((entry) => entry.budget === budget);
  return {
    budget,
    unit: usage?.unit ?? 'count',
    limit: usage?.limit ?? 0,
    used: usage?.used ?? 0,
    least: provenLeast(fleet, packing.bound, budget),
  };
}
