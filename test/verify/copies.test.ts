import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement, Packing, Shard } from '../../src/pack/packing';
import { makePlan } from '../../src/plan/make-plan';
import { lockedFrom, modelsByKey, of } from '../pack/support';
import { inCopies } from '../support/in-copies';
import { copyOf, type DeepMutable, found } from './support';

/**
 * A few models of several copies, some so busy that one pod does not carry them: packed into shards of one pod, so that
 * each is in several shards. Two runtimes and an isolated tenant make other classes.
 */
const fleets: fc.Arbitrary<Fleet> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('sklearn' as const, 'sklearn' as const, 'onnx' as const),
      tenant: fc.constantFrom('default', 'default', 'solo'),
      replicas: fc.integer({ min: 1, max: 4 }),
      memory: fc.integer({ min: 100, max: 6000 }),
      /** Of a pod's CPU. */
      load: fc.constantFrom(0, 0, 100, 800, 2500, 6000),
    }),
    { minLength: 2, maxLength: 12 },
  )
  .map((models) => {
    const input: FleetInput = {
      name: 'copies',
      pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1 }],
      tenants: [{ name: 'solo', isolation: 'process' }],
      budgets: { replicaSets: 4 },
      models: models.map(({ kind, tenant, replicas, memory, load }, i) => ({
        name: `m${i}`,
        tenant,
        format: kind,
        ...(kind === 'onnx' ? { runtime: 'triton' } : {}),
        storageUri: `s3://models/m${i}`,
        memory: `${memory}Mi`,
        requestsPerSecond: load / 10,
        cpuSecondsPerRequest: 0.01,
        replicas,
      })),
    };
    return defineFleet(input);
  });

const packed: fc.Arbitrary<{ readonly fleet: Fleet; readonly packing: Packing }> = fc
  .tuple(fleets, fc.boolean())
  .map(([fleet, apart]) => ({
    fleet,
    packing: apart ? inCopies(pack({ fleet: layout(fleet, 'equal') })) : pack({ fleet: layout(fleet, 'copies') }),
  }));

function layout(fleet: Fleet, name: 'copies' | 'equal'): Fleet {
  return { ...fleet, packing: { ...fleet.packing, layout: name } };
}

it('accepts honest plans, with a lockfile of any layout or none', () => {
  fc.assert(
    fc.property(packed, fc.constantFrom('copies', 'equal'), ({ fleet, packing }, before) => {
      const first = copyOf(makePlan(fleet, packing));
      expect(found(fleet, first)).toEqual([]);
      const prior = lockedFrom(fleet, pack({ fleet: layout(fleet, before as 'copies' | 'equal') }));
      const plan = copyOf(makePlan(fleet, packing, prior));
      expect(found(fleet, plan, prior)).toEqual([]);
      expect(found(fleet, plan)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

/** Wrong placements, with every figure of the plan made to agree; null where the packing offers no such thing. */
type Forger = (fleet: Fleet, packing: Packing, choice: number) => Packing | null;

const forgers: Readonly<Record<string, { readonly forge: Forger; readonly code: string }>> = {
  'one copy less than asked for': {
    code: 'STW2102',
    forge: (fleet, packing, choice) => {
      const key = pick(
        [...homes(packing)].filter(([k, ids]) => ids.length > 1 && ids.length === of(modelsByKey(fleet), k).replicas),
        choice,
      )?.[0];
      return key === undefined ? null : dropping(packing, key, choice);
    },
  },
  'one copy less than its load needs': {
    code: 'STW2103',
    forge: (fleet, packing, choice) => {
      const able = [...homes(packing)].flatMap(([key, ids]) => {
        if (ids.length === 1 || ids.length <= of(modelsByKey(fleet), key).replicas) return [];
        const less = dropping(packing, key, choice);
        return less !== null && overloaded(fleet, less) ? [less] : [];
      });
      return pick(able, choice) ?? null;
    },
  },
  'two copies in one shard': {
    code: 'STW2101',
    forge: (_, packing, choice) => {
      const [key, ids] =
        pick(
          [...homes(packing)].filter(([, list]) => list.length > 1),
          choice,
        ) ?? [];
      if (key === undefined || ids === undefined) return null;
      const less = dropping(packing, key, choice);
      return less === null ? null : adding(less, homes(less).get(key)?.[0] as string, key);
    },
  },
  'a copy in a shard of another class': {
    code: 'STW2102',
    forge: (_, packing, choice) => {
      const [key, ids] =
        pick(
          [...homes(packing)].filter(([, list]) => list.length > 1),
          choice,
        ) ?? [];
      if (key === undefined || ids === undefined) return null;
      const from = packing.shards.find(({ id }) => id === ids[0]) as Shard;
      const to = pick(
        packing.shards.filter((shard) => shard.runtime !== from.runtime || shard.group !== from.group),
        choice,
      );
      const less = dropping(packing, key, choice);
      return to === undefined || less === null ? null : adding(less, to.id, key);
    },
  },
  'no copy of a model': {
    code: 'STW2101',
    forge: (_, packing, choice) => {
      const [key, ids] = pick([...homes(packing)], choice) ?? [];
      return ids?.reduce<Packing | null>((left) => left && dropping(left, key as string, 0), packing) ?? null;
    },
  },
};

describe.each(Object.entries(forgers))('a plan with %s', (_, { forge, code }) => {
  it(`is refused by ${code}`, () => {
    let tried = 0;
    fc.assert(
      fc.property(packed, fc.nat(), ({ fleet, packing }, choice) => {
        const forged = forge(fleet, packing, choice);
        if (forged === null || forged.shards.length === 0) return;
        tried++;
        expect(found(fleet, copyOf(makePlan(fleet, forged))).join('\n')).toContain(code);
      }),
      { numRuns: 300 },
    );
    expect(tried).toBeGreaterThan(30);
  });
});

/** Wrong figures, each a little off. The plan is against a lockfile of the other layout. */
type Slip = (plan: DeepMutable<ReturnType<typeof makePlan>>) => boolean;

const slips: Readonly<Record<string, Slip>> = {
  'summary.replicaSets': ({ summary }) => Boolean(summary.replicaSets++),
  'the budget of replica sets': ({ budgets }) => {
    const budget = budgets.find((one) => one.budget === 'replicaSets');
    if (budget === undefined) return false;
    budget.used--;
    budget.headroom++;
    return true;
  },
  'changes.copies before': ({ changes }) => changes.copies.some((entry) => entry.before++),
  'changes.copies after': ({ changes }) => changes.copies.some((entry) => entry.after++),
  'changes.copies lacking one': ({ changes }) => changes.copies.pop() !== undefined,
  'changes.copies with one more': ({ changes, shards }) => {
    const model = shards[0]?.models[0] as string;
    return changes.copies.push({ model, before: 1, after: 9 }) > 0;
  },
  'changes.moved lacking one': ({ changes }) => changes.moved.pop() !== undefined,
  'changes.moved to another shard': ({ changes }) =>
    changes.moved.some((move) => {
      move.to = `${move.to}x`;
      return true;
    }),
  'changes.moveBytes': ({ changes }) => changes.moveBytes-- > 0,
  'load as if the copies of one shard were all': ({ shards }) =>
    shards.some((shard) => {
      shard.used.cpuMillis *= 2;
      return shard.used.cpuMillis > 0;
    }),
};

describe.each(Object.entries(slips))('a plan with a wrong %s', (_, slip) => {
  it('is refused', () => {
    let tried = 0;
    fc.assert(
      fc.property(packed, fc.boolean(), ({ fleet, packing }, renamed) => {
        const prior = otherLock(fleet, renamed);
        const plan = copyOf(makePlan(fleet, packing, prior));
        if (!slip(plan)) return;
        tried++;
        expect(found(fleet, plan, prior)).not.toEqual([]);
      }),
      { numRuns: 150 },
    );
    expect(tried).toBeGreaterThan(20);
  });
});

describe('without the lockfile that a plan is against', () => {
  it('a copy change or a move that the plan itself belies is refused', () => {
    let tried = 0;
    fc.assert(
      fc.property(packed, fc.nat(), fc.boolean(), ({ fleet, packing }, choice, renamed) => {
        const plan = copyOf(makePlan(fleet, packing, otherLock(fleet, renamed)));
        expect(found(fleet, plan)).toEqual([]);
        const { copies, moved } = plan.changes;
        const { shardsAdded, shardsRemoved } = plan.changes;
        const lies: (() => unknown)[] = [
          ...copies.flatMap((entry) => [
            () => entry.after++,
            () => Object.assign(entry, { before: entry.after }),
            () => Object.assign(entry, { before: 0 }),
            () => Object.assign(entry, { model: 'none/none@1' }),
            () => copies.push(entry),
          ]),
          ...moved.flatMap((move) => [
            () => Object.assign(move, { to: 'elsewhere' }),
            () => Object.assign(move, { from: move.to }),
            () => moved.push(move),
          ]),
          () => shardsAdded.push('elsewhere'),
          () => shardsRemoved.push(packing.shards[0]?.id as string),
        ];
        pick(lies, choice)?.();
        tried++;
        expect(found(fleet, plan)).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(tried).toBe(300);
  });
});

/** A lock of the equal layout; `renamed`: of other shards, so that every copy moves. */
function otherLock(fleet: Fleet, renamed: boolean): LockedPlacement {
  const packing = pack({ fleet: layout(fleet, 'equal') });
  const shards = packing.shards.map((shard) => ({ ...shard, id: renamed ? `old-${shard.id}` : shard.id }));
  return lockedFrom(fleet, { ...packing, shards });
}

function homes({ shards }: Packing): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { id, models } of shards) for (const key of models) ids.set(key, [...(ids.get(key) ?? []), id]);
  return ids;
}

/** One copy less: its shard goes where it held nothing else. */
function dropping(packing: Packing, key: string, choice: number): Packing | null {
  const id = pick(homes(packing).get(key) ?? [], choice);
  if (id === undefined) return null;
  const shards = packing.shards.map((shard) =>
    shard.id === id ? { ...shard, models: shard.models.filter((other) => other !== key) } : shard,
  );
  return { ...packing, shards: shards.filter(({ models }) => models.length > 0) };
}

function adding(packing: Packing, id: string, key: string): Packing | null {
  if (!packing.shards.some((shard) => shard.id === id)) return null;
  const shards = packing.shards.map((shard) =>
    shard.id === id ? { ...shard, models: [...shard.models, key].sort() } : shard,
  );
  return { ...packing, shards };
}

function overloaded(fleet: Fleet, packing: Packing): boolean {
  return makePlan(fleet, packing).shards.some(({ used, capacity }) => used.cpuMillis > capacity.cpuMillis);
}

function pick<T>(list: readonly T[], choice: number): T | undefined {
  return list[choice % Math.max(1, list.length)];
}
