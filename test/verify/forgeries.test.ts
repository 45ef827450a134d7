import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/declare/fleet';
import { copiesByModel } from '../../src/pack/copies';
import type { BoundCertificate, ClassBound, DualClassBound, Packing, Shard } from '../../src/pack/packing';
import { makePlan } from '../../src/plan/make-plan';
import { lockedFrom, modelsByKey, named, of } from '../pack/support';
import { fleetInputs } from '../support/fleets';
import { copyOf, example, found, type Planned, planned } from './support';

/**
 * Placements that break a rule, with every figure of the plan made to agree: only the rule itself can give them away.
 * Each forger returns null where the packing offers no such thing.
 */
type Forger = (planned: Planned, choice: number) => Packing | null;

const forgers: Readonly<Record<string, Forger>> = {
  'a model left out': ({ packing, fleet }, choice) => {
    const shard = pick(packing.shards, choice, ({ models }) => models.length > 1);
    const key = shard?.models[choice % shard.models.length];
    if (shard === null || key === undefined || !needs(fleet, packing, shard, key, shard.replicas)) return null;
    return replacing(packing, shard, { ...shard, models: without(shard.models, choice) });
  },
  'a model in a shard of another class, too': ({ packing, fleet }, choice) => {
    const key = packing.shards.flatMap((shard) => shard.models)[choice % countOf(packing)] as string;
    const own = classText(fleet, key);
    const other = pick(packing.shards, choice, ({ models }) => classText(fleet, models[0] as string) !== own);
    return other === null ? null : replacing(packing, other, { ...other, models: [...other.models, key].sort() });
  },
  'a model twice in a shard': ({ packing }, choice) => {
    const shard = packing.shards[choice % packing.shards.length] as Shard;
    const key = shard.models[choice % shard.models.length] as string;
    return replacing(packing, shard, { ...shard, models: [...shard.models, key].sort() });
  },
  'a model of another class': ({ packing, fleet }, choice) => {
    const from = pick(packing.shards, choice, ({ models }) => models.length > 1);
    const key = from?.models[choice % from.models.length];
    if (from === null || key === undefined) return null;
    const own = classText(fleet, key);
    const to = pick(packing.shards, choice, ({ models }) => classText(fleet, models[0] as string) !== own);
    if (to === null) return null;
    const left = replacing(packing, from, { ...from, models: from.models.filter((other) => other !== key) });
    return replacing(left, to, { ...to, models: [...to.models, key].sort() });
  },
  'fewer replicas than a model asks for': ({ packing, fleet }, choice) => {
    const shard = pick(
      packing.shards,
      choice,
      (one) => one.replicas > 1 && one.models.some((key) => needs(fleet, packing, one, key, 1)),
    );
    return shard === null ? null : replacing(packing, shard, { ...shard, replicas: shard.replicas - 1 });
  },
  'a pool that is not allowed': ({ packing, fleet }, choice) => {
    const models = modelsByKey(fleet);
    const shard = packing.shards[choice % packing.shards.length] as Shard;
    const allowed = of(models, shard.models[0] as string).pools;
    const pool = fleet.pools.find(({ name }) => !allowed.includes(name));
    return pool === undefined ? null : replacing(packing, shard, { ...shard, pool: pool.name });
  },
  'another group': ({ packing }, choice) => changing(packing, choice, { group: 'elsewhere' }),
  'another isolation': ({ packing }, choice) => {
    const shard = packing.shards[choice % packing.shards.length] as Shard;
    return replacing(packing, shard, { ...shard, nodeIsolated: !shard.nodeIsolated });
  },
  'other zones': ({ packing }, choice) => changing(packing, choice, { zones: ['nowhere'] }),
  'another base model': ({ packing }, choice) => changing(packing, choice, { base: 'unheard-of' }),
  'two shards of one class in one pod, too much for it': ({ packing, fleet }) => {
    const plan = makePlan(fleet, packing);
    for (const a of plan.shards) {
      for (const b of plan.shards) {
        const sameClass = classText(fleet, a.models[0] as string) === classText(fleet, b.models[0] as string);
        if (a.id >= b.id || !sameClass || a.pool !== b.pool || a.replicas !== b.replicas) continue;
        const over = a.used.memoryBytes + b.used.memoryBytes > a.capacity.memoryBytes;
        if (!over && a.used.models + b.used.models <= a.capacity.models) continue;
        const shards = packing.shards.filter(({ id }) => id !== b.id);
        const merged = { ...packing, shards };
        const into = shards.find(({ id }) => id === a.id) as Shard;
        return replacing(merged, into, { ...into, models: [...a.models, ...b.models].sort() });
      }
    }
    return null;
  },
  'a bound of one pod more': ({ packing }, choice) =>
    raising(packing, choice, (bound) => ({ ...bound, pods: bound.pods + 1 })),
  'a bound of one pod more by another argument': ({ packing }, choice) =>
    raising(packing, choice, (bound) => ({
      ...(bound as DualClassBound),
      pods: bound.pods + 1,
      podsBy: (['weights', 'replicas'] as const)[choice % 2] as 'weights',
    })),
  'a bound of one micro-dollar more': ({ packing }, choice) =>
    raising(packing, choice, (bound) => ({ ...bound, podCostMicrosPerHour: bound.podCostMicrosPerHour + 1 })),
  'a class counted twice': ({ packing }, choice) => {
    const { classes } = packing.bound;
    return { ...packing, bound: summed(packing.bound, [...classes, classes[choice % classes.length] as AnyBound]) };
  },
  'a class left out': ({ packing }, choice) => ({
    ...packing,
    bound: summed(packing.bound, without<AnyBound>(packing.bound.classes, choice)),
  }),
};

describe.each(Object.entries(forgers))('a plan with %s', (_, forge) => {
  it('is refused', () => {
    let tried = 0;
    fc.assert(
      fc.property(fleetInputs({ minModels: 8 }), fc.nat(), (input, choice) => {
        const original = planned(input);
        const packing = forge(original, choice);
        if (packing === null) return;
        tried++;
        const forged = makePlan(original.fleet, packing);
        expect(found(original.fleet, copyOf(forged))).not.toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(tried).toBeGreaterThan(0);
  });
});

describe('what a finding says', () => {
  const { fleet, packing, plan } = planned(example);
  const shardOf = (key: string) => plan.shards.findIndex((shard) => shard.models.includes(key));

  it('names the shard and the model that must not be there', () => {
    const from = shardOf('solo/h@1');
    const shards = packing.shards.filter((_, i) => i !== from);
    const to = shards.findIndex((shard) => shard.models.includes('default/a@1'));
    const target = shards[to] as Shard;
    const forged = replacing({ ...packing, shards }, target, { ...target, models: [...target.models, 'solo/h@1'] });
    expect(found(fleet, copyOf(makePlan(fleet, forged)))).toEqual([
      `STW2102 shards[${to}].models[${target.models.length}]`,
      // Sharing where none is allowed beats the bound: the second witness.
      'STW2105 bound.podsGapMicro',
      'STW2105 bound.costGapMicro',
    ]);
  });

  it('names the meeting of two models that must never meet', () => {
    const apart = packing.shards.filter((shard) => shard.models.some((key) => /\/[efg]@/.test(key)));
    expect(apart.length).toBeGreaterThan(1);
    const [first, second] = apart as [Shard, Shard];
    const rest = { ...packing, shards: packing.shards.filter((shard) => shard !== second) };
    const forged = replacing(rest, first, { ...first, models: [...first.models, ...second.models].sort() });
    const codes = found(fleet, copyOf(makePlan(fleet, forged)));
    expect(codes).toEqual(expect.arrayContaining([expect.stringMatching(/^STW2102 shards\[\d\]\.models\[\d\]$/)]));
  });

  it('tells a changed limit of a budget from a figure that is wrong', () => {
    const changed = copyOf(plan);
    const pods = changed.budgets.find(({ budget }) => budget === 'pods');
    if (pods === undefined) throw new Error('no budget of pods');
    pods.limit++;
    pods.headroom++;
    expect(found(fleet, changed)).toEqual(['STW2104 budgets[0].limit', 'STW2104 budgets[0].headroom']);
  });

  it('accepts a bound that claims less than is proven', () => {
    const lower = raising(packing, 0, (bound) => ({ ...bound, pods: bound.pods - 1, podCostMicrosPerHour: 0 }));
    expect(found(fleet, copyOf(makePlan(fleet, lower)))).toEqual([]);
  });

  it('refuses changes against another lockfile than the one given', () => {
    const prior = lockedFrom(fleet, packing);
    const against = copyOf(makePlan(fleet, packing, prior));
    expect(found(fleet, against, prior)).toEqual([]);
    const other = { ...prior, models: prior.models.slice(1) };
    expect(found(fleet, against, other)).toEqual(
      expect.arrayContaining(['STW2104 changes.added', 'STW2104 changes.moveBytes']),
    );
    expect(found(fleet, copyOf(plan), prior)).toContain('STW2104 changes.against');
  });
});

function countOf(packing: Packing): number {
  return packing.shards.reduce((sum, shard) => sum + shard.models.length, 0);
}

/** Would the model have too few copies if `fewer` pods of the shard held it? */
function needs(fleet: Fleet, packing: Packing, { models }: Shard, key: string, fewer: number): boolean {
  return (
    models.includes(key) && (copiesByModel(packing.shards).get(key) ?? 0) - fewer < of(modelsByKey(fleet), key).replicas
  );
}

function pick(shards: readonly Shard[], choice: number, suits: (shard: Shard) => boolean): Shard | null {
  const suited = shards.filter(suits);
  return suited[choice % suited.length] ?? null;
}

function without<T>(list: readonly T[], choice: number): readonly T[] {
  return list.filter((_, i) => i !== choice % list.length);
}

function replacing(packing: Packing, old: Shard, shard: Shard): Packing {
  return { ...packing, shards: packing.shards.map((one) => (one.id === old.id ? shard : one)) };
}

function changing(packing: Packing, choice: number, change: Partial<Shard>): Packing {
  const shard = packing.shards[choice % packing.shards.length] as Shard;
  return replacing(packing, shard, { ...shard, ...change });
}

function raising(packing: Packing, choice: number, raise: (bound: AnyBound) => AnyBound): Packing {
  const { classes } = packing.bound;
  const raised = classes.map((bound, i) => (i === choice % classes.length ? raise(bound) : bound));
  return { ...packing, bound: summed(packing.bound, raised) };
}

type AnyBound = ClassBound | DualClassBound;

function summed(bound: BoundCertificate, classes: readonly AnyBound[]): BoundCertificate {
  return {
    ...bound,
    classes,
    pods: classes.reduce((sum, { pods }) => sum + pods, 0),
    podCostMicrosPerHour: classes.reduce((sum, { podCostMicrosPerHour }) => sum + podCostMicrosPerHour, 0),
  } as BoundCertificate;
}

function classText(fleet: Fleet, key: string): string {
  const model = of(modelsByKey(fleet), key);
  const { group, isolation } = named(fleet.tenants, model.tenant);
  return JSON.stringify([model.runtime, model.base, group, isolation, model.pools, model.zones]);
}
