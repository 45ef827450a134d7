import type { Fleet, Pool } from '../../declare/fleet';
import type { BoundCertificate } from '../../pack/packing';
import { sharingClasses } from '../../pack/sharing';
import type { BudgetUsage } from '../plan';
import { podUse, routersUse } from './pod-use';

/** The worth of a whole budget in the prices below. */
const whole = 100_000_000n;

/** Budgets as prices: a pod costs the parts of them that it takes. */
export interface Weighing {
  readonly prices: ReadonlyMap<string, number>;
  /** What all of them together can pay for: pods that cost more do not fit. */
  readonly affordable: number;
}

/** Null where no pod takes any of them. Prices are rounded down, so that what they prove holds. */
export function weigh(fleet: Fleet, budgets: readonly Pick<BudgetUsage, 'budget' | 'limit'>[]): Weighing | null {
  const counted = budgets.filter(({ budget }) => fleet.pools.some((pool) => (podUse(budget, pool)?.amount ?? 0) > 0));
  if (counted.length === 0) return null;
  let affordable = 0n;
  const left = counted.map(({ budget, limit }) => {
    const room = BigInt(Math.max(0, limit - routersUse(fleet, budget)));
    if (room > 0n) affordable += whole;
    return { budget, room };
  });
  const prices = new Map(
    fleet.pools.map((pool) => {
      let price = 0n;
      for (const { budget, room } of left) {
        const use = podUse(budget, pool);
        if (use === null || use.amount === 0) continue;
        // Of a budget that has no room at all, any pod takes too much.
        if (room === 0n) price += whole * BigInt(counted.length + 1);
        else price += (whole * BigInt(use.amount)) / (room * BigInt(use.of));
      }
      return [pool.name, Number(price)] as const;
    }),
  );
  return { prices, affordable: Number(affordable) };
}

/** The fleet at these prices: packing it at least cost spares the budgets. */
export function atPrices(fleet: Fleet, prices: ReadonlyMap<string, number>): Fleet {
  const priced = (pool: Pool): Pool => {
    const price = prices.get(pool.name) ?? 0;
    return { ...pool, podPriceMicrosPerHour: price, nodePriceMicrosPerHour: price * pool.podsPerNode };
  };
  return { ...fleet, pools: fleet.pools.map(priced) };
}

/** Is what the classes need at least, each on its cheapest pool, more than the budgets pay for? */
export function tooDear(fleet: Fleet, bound: BoundCertificate, { prices, affordable }: Weighing): boolean {
  return leastOf(fleet, bound, (pool) => prices.get(pool.name) ?? 0) > affordable;
}

/** Least of a sum over pods, by the least pods of each class. */
export function leastOf(fleet: Fleet, bound: BoundCertificate, per: (pool: Pool) => number): number {
  const pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
  const classes = new Map(sharingClasses(fleet).map((sharing) => [sharing.key, sharing]));
  return bound.classes.reduce((sum, { class: key, pods }) => {
    const own = (classes.get(key)?.pools ?? []).flatMap((name) => pools.get(name) ?? []);
    return sum + pods * (own.length === 0 ? 0 : Math.min(...own.map(per)));
  }, 0);
}
