import type { Fleet } from '../declare/fleet';
import type { LockedPlacement } from '../pack/packing';
import type { Plan } from './plan';
import { Scene } from './transition/scene';
import { stepThrough } from './transition/waves';

/**
 * How to get from what the lockfile says to the plan without taking a model away before it is loaded elsewhere. In each
 * wave everything is loaded first, beside what the pods hold already, and then what is no longer needed goes.
 */
export interface Transition {
  readonly waves: readonly Wave[];
  /** Shards that exist for some waves only, to hold what has no place meanwhile. Sorted by id. */
  readonly temporary: readonly TemporaryShard[];
  /** Models that for a while have fewer copies than they had and will have. Sorted by model, then wave. */
  readonly gaps: readonly Gap[];
  /** Pods that meanwhile have more load than the target and than they had before. Sorted by wave, then shard. */
  readonly overloads: readonly { readonly wave: number; readonly shard: string }[];
}

/**
 * In this order: shards start, all `load` and `resize` happen, then all `unload`, then shards stop. Lists are sorted. Where
 * a shard's pods do not all stay, `id@pool` are those that go: it has fewer, or changes its pool, runtime, base or group.
 * `id@new` are those that come to a shard that has others.
 */
export interface Wave {
  readonly start: readonly string[];
  readonly load: readonly CopyAt[];
  /** Copies that stay and take another size: meanwhile the larger of both. */
  readonly resize: readonly CopyAt[];
  readonly unload: readonly CopyAt[];
  readonly stop: readonly string[];
}
export interface CopyAt {
  readonly model: string;
  readonly shard: string;
}

export interface TemporaryShard {
  readonly id: string;
  readonly pool: string;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
}

export interface Gap {
  readonly model: string;
  /** Waves (from 0) in which it goes below and comes back. */
  readonly from: number;
  readonly until: number;
  /** Fewest copies that are left; 0: it does not serve. */
  readonly copies: number;
}

/** Waves from the lockfile's placement to the plan's. The same input gives the same waves. */
export function transitionOf(fleet: Fleet, prior: LockedPlacement, plan: Pick<Plan, 'shards'>): Transition {
  return stepThrough(new Scene(fleet, prior, plan.shards));
}
