import type { Fleet, Model } from '../../declare/fleet';
import type { Packing, PackRequest } from '../../pack/packing';
import { brokenBudgets, makePlan } from '../make-plan';
import type { BudgetName } from '../plan';
import { type Attempt, attempt } from './attempt';
import { hardBudgets, limitedFleet, steersPacking } from './limited';

/** Packs parts of a fleet until a limit on work is reached; counted in models packed, so that it is the same anywhere. */
export class Prober {
  private readonly known = new Map<string, Attempt>();
  /** Cheapest packings, by the budgets that steer them. */
  private readonly first = new Map<string, Packing>();
  private spent = 0;
  /** Calls of the packer. */
  packings = 0;

  constructor(
    readonly request: PackRequest,
    private limit: number,
    private mostPackings: number,
  ) {}

  /** More work from here on: what one stage leaves, the next one has. */
  allow(models: number, packings: number): void {
    this.limit = this.spent + models;
    this.mostPackings = this.packings + packings;
  }

  /** What is known without packing. */
  remember(budgets: ReadonlySet<BudgetName>, models: readonly Model[], found: Attempt): void {
    this.known.set(keyOf(budgets, models), found);
    this.first.set(keyOf(steering(budgets), models), found.first);
  }

  /** The models within these budgets alone; null where the work is spent. */
  within(budgets: ReadonlySet<BudgetName>, models: readonly Model[]): Attempt | null {
    if (models.length === 0) return this.without(budgets);
    const key = keyOf(budgets, models);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const first = this.first.get(keyOf(steering(budgets), models));
    const found = this.fleet(limitedFleet(this.request.fleet, models, budgets), {}, first);
    if (found !== null) this.remember(budgets, models, found);
    return found;
  }

  /** The whole fleet with other limits: where these do not steer the packer, its packing is there already. */
  raised(fleet: Fleet, budgets: readonly BudgetName[]): Attempt | null {
    const all = new Set(hardBudgets(this.request.fleet));
    const first = budgets.some(steersPacking) ? undefined : this.first.get(keyOf(steering(all), fleet.models));
    return this.fleet(fleet, {}, first);
  }

  /** No model: only routers and the least nodes count. */
  private without(budgets: ReadonlySet<BudgetName>): Attempt {
    const none = { method: 'dual', classes: [], pods: 0, podCostMicrosPerHour: 0 } as const;
    const packing: Packing = { shards: [], bound: none, evicted: [] };
    const plan = makePlan(limitedFleet(this.request.fleet, [], budgets), packing);
    const fits = brokenBudgets(plan).length === 0;
    return { fits, packing, plan, proven: !fits, first: packing, packings: 0 };
  }

  /** Another fleet; null where the work is spent. */
  fleet(fleet: Fleet, change: Partial<PackRequest> = {}, first?: Packing): Attempt | null {
    const spent = this.spent + fleet.models.length > this.limit || this.packings >= this.mostPackings;
    if (spent && first === undefined) return null;
    const { onEvent: _, ...request } = this.request;
    const found = attempt({ ...request, ...change, fleet }, first);
    this.packings += found.packings;
    this.spent += found.packings * fleet.models.length;
    return found;
  }
}

function steering(budgets: ReadonlySet<BudgetName>): ReadonlySet<BudgetName> {
  return new Set([...budgets].filter(steersPacking));
}

function keyOf(budgets: ReadonlySet<BudgetName>, models: readonly Model[]): string {
  return `${[...budgets].sort().join()} ${models.map((model) => model.key).join()}`;
}
