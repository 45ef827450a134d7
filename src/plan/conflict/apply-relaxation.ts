import { byCodePoint } from '../../declare/findings';
import type { Fleet, Model } from '../../declare/fleet';
import type { Relaxation } from './conflict';
import { hardBudgets, limitedFleet } from './limited';

type Change =
  | { readonly kind: 'raise'; readonly budgets: readonly { readonly budget: string; readonly to: number }[] }
  | Pick<Extract<Relaxation, { kind: 'allow-pool' }>, 'kind' | 'pool' | 'models'>
  | Pick<Extract<Relaxation, { kind: 'fewer-replicas' }>, 'kind' | 'replicas' | 'models'>
  | Pick<Extract<Relaxation, { kind: 'drop-models' }>, 'kind' | 'models'>
  | { readonly kind: 'repack' };

/** The fleet as the relaxation would have it declared; `repack` changes how it is planned, not the fleet. */
export function relaxedFleet(fleet: Fleet, change: Change): Fleet {
  switch (change.kind) {
    case 'repack':
      return fleet;
    case 'raise': {
      const kept = new Set(hardBudgets(fleet));
      const limits = new Map([...kept].flatMap((budget) => limitIn(change.budgets, budget)));
      return limitedFleet(fleet, fleet.models, kept, limits);
    }
    case 'drop-models': {
      const gone = new Set(change.models);
      return { ...fleet, models: fleet.models.filter(({ key }) => !gone.has(key)) };
    }
    case 'allow-pool':
      return changed(fleet, change.models, (model) => ({
        ...model,
        pools: [...new Set([...model.pools, change.pool])].sort(byCodePoint),
      }));
    case 'fewer-replicas':
      return changed(fleet, change.models, (model) => ({
        ...model,
        replicas: Math.min(model.replicas, change.replicas),
      }));
  }
}

function limitIn<B extends string>(
  raised: readonly { readonly budget: string; readonly to: number }[],
  budget: B,
): (readonly [B, number])[] {
  const found = raised.find((entry) => entry.budget === budget);
  return found === undefined ? [] : [[budget, found.to]];
}

function changed(fleet: Fleet, keys: readonly string[], change: (model: Model) => Model): Fleet {
  const which = new Set(keys);
  return { ...fleet, models: fleet.models.map((model) => (which.has(model.key) ? change(model) : model)) };
}
