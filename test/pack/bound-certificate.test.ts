import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { DualCertificate } from '../../src/pack/packing';
import { checkDualBound } from '../../src/verify/dual-bound';
import { fleetInputs } from '../support/fleets';
import type { DeepMutable } from '../verify/support';
import { podCost, pods } from './support';

const mebibyte = 2 ** 20;
/** For models, in MiB: Triton takes 512 itself and as much is kept in reserve. */
const room = { small: 12_000, large: 30_000 };
const prices = { small: 2, large: 5 };
type PoolName = keyof typeof room;
const poolNames: readonly PoolName[] = ['small', 'large'];

/** Full pods of two pools: pieces of one size on several of them at once are copies of one model, wherever those are. */
interface CutPods {
  readonly pods: readonly PoolName[];
  readonly models: readonly { readonly size: number; readonly copies: number; readonly duty: number }[];
}

const cutPods: fc.Arbitrary<CutPods> = fc
  .tuple(
    fc.array(fc.constantFrom<PoolName>('small', 'large'), { minLength: 1, maxLength: 9 }),
    fc.array(
      fc.record({ part: fc.double({ min: 0.02, max: 0.6, noNaN: true }), copies: fc.nat(3), first: fc.nat(8) }),
      {
        maxLength: 25,
      },
    ),
  )
  .map(([kinds, cuts]) => {
    const free = kinds.map((kind) => room[kind]);
    const models: { size: number; copies: number; duty: number }[] = [];
    for (const { part, copies, first } of cuts) {
      const size = Math.floor(part * room.small);
      // The copies lie on any pods with room, from the first one on: no shards of equal replicas.
      const homes = kinds
        .map((_, k) => (k + first) % kinds.length)
        .filter((k) => (free[k] as number) >= size)
        .slice(0, copies + 1);
      if (homes.length === 0 || size === 0) continue;
      for (const k of homes) free[k] = (free[k] as number) - size;
      models.push({ size, copies: homes.length, duty: 0 });
    }
    free.forEach((left) => {
      // What is left becomes models of one copy that both pools could hold.
      for (let rest = left; rest > 0; rest -= room.small)
        models.push({ size: Math.min(rest, room.small), copies: 1, duty: 0 });
    });
    // The pods' time is cut, too: a part for each model that the slowest of its pods could carry.
    return { pods: kinds, models: models.map((model) => ({ ...model, duty: (0.6 * model.size) / room.large })) };
  });

function fleetOf({ models }: CutPods): Fleet {
  return defineFleet({
    name: 'cut',
    pools: poolNames.map((name) => ({
      name,
      accelerator: { kind: name, memory: (room[name] + 1024) * mebibyte, perNode: 1 },
      cpu: 64,
      memory: '4Ti',
      disk: '8Ti',
      pricePerNodeHour: prices[name],
    })),
    models: models.map(
      ({ size, copies, duty }, i): ModelInput => ({
        name: `m${i}`,
        format: 'onnx',
        storageUri: 's3://models/m',
        gpuMemory: size * mebibyte,
        memory: mebibyte,
        disk: mebibyte,
        replicas: copies,
        requestsPerSecond: 1,
        gpuSecondsPerRequest: Math.floor(duty * 1000) / 1000,
      }),
    ),
  });
}

describe('a bound by weights', () => {
  it('is never above pods that were cut into copies on any of them', () => {
    fc.assert(
      fc.property(cutPods, (cut) => {
        const fleet = fleetOf(cut);
        const { bound } = pack({ fleet });
        expect(checkDualBound(fleet, bound)).toEqual([]);
        expect(bound.pods).toBeLessThanOrEqual(cut.pods.length);
        expect(bound.podCostMicrosPerHour).toBeLessThanOrEqual(
          cut.pods.reduce((sum, kind) => sum + prices[kind] * 1e6, 0),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('meets the optimum of bins cut into three', () => {
    const thirds = fc.array(fc.tuple(fc.integer({ min: 4600, max: 5800 }), fc.integer({ min: 3100, max: 3600 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(thirds, (bins) => {
        const sizes = bins.flatMap(([first, second]) => [first, second, room.small - first - second]);
        const fleet = fleetOf({ pods: [], models: sizes.map((size) => ({ size, copies: 1, duty: 0 })) });
        const small = defineFleet(onlySmall(fleet));
        const { bound, shards } = pack({ fleet: small });
        expect(bound.pods).toBe(bins.length);
        expect(pods(shards)).toBeLessThanOrEqual(bins.length + 1);
      }),
      { numRuns: 60 },
    );
  });

  it('knows that copies need different pods, and more of them for a load that few cannot carry', () => {
    const pool = { name: 'cpu', cpu: 16, memory: '64Gi', podsPerNode: 1, pricePerNodeHour: 1 };
    const model = { name: 'm', format: 'sklearn', storageUri: 's3://models/m', memory: '1Gi', disk: '1Gi' };
    const copies = defineFleet({ name: 'copies', pools: [pool], models: [{ ...model, replicas: 5 }] });
    expect(pack({ fleet: copies }).bound.pods).toBe(5);
    const load = { requestsPerSecond: 40, cpuSecondsPerRequest: 1 };
    const busy = defineFleet({ name: 'busy', pools: [pool], models: [{ ...model, ...load }] });
    expect(pack({ fleet: busy }).bound.pods).toBe(4);
  });

  it('checks on any fleet, and is no more than the packing', () => {
    fc.assert(
      fc.property(fleetInputs(), (input) => {
        const fleet = defineFleet(input);
        const { bound, shards } = pack({ fleet });
        expect(checkDualBound(fleet, bound)).toEqual([]);
        expect(bound.podCostMicrosPerHour).toBeLessThanOrEqual(podCost(fleet, shards));
        expect(bound.pods).toBeLessThanOrEqual(pods(shards));
      }),
      { numRuns: 100 },
    );
  });
});

/** The same models with the small pool alone. */
function onlySmall(fleet: Fleet): FleetInput {
  return {
    name: 'small',
    pools: [
      {
        name: 'small',
        accelerator: { kind: 'small', memory: (room.small + 1024) * mebibyte, perNode: 1 },
        cpu: 64,
        memory: '4Ti',
        disk: '8Ti',
        pricePerNodeHour: prices.small,
      },
    ],
    models: fleet.models.map(({ name, footprint }) => ({
      name,
      format: 'onnx',
      storageUri: 's3://models/m',
      gpuMemory: footprint.acceleratorMemoryBytes,
      memory: mebibyte,
      disk: mebibyte,
    })),
  };
}

describe('a certificate that was changed', () => {
  const fleet = fleetOf({
    pods: [],
    models: Array.from({ length: 40 }, (_, i) => ({
      size: 6300 + ((i * 97) % 900),
      copies: 1 + (i % 3),
      duty: 0.05,
    })),
  });
  const honest = pack({ fleet }).bound as DualCertificate;
  type Loose = DeepMutable<DualCertificate>;
  const copy = (): Loose => JSON.parse(JSON.stringify(honest));
  const weighting = (certificate: Loose) => {
    const found = certificate.classes[0]?.weightings[0];
    if (found === undefined) throw new Error('no weighting');
    return found;
  };
  const codes = (certificate: unknown) => new Set(checkDualBound(fleet, certificate).map(({ code }) => code));

  it('is the honest one before', () => {
    expect(weighting(copy()).steps?.steps.length).toBeGreaterThan(1);
    expect(checkDualBound(fleet, honest)).toEqual([]);
  });

  const forgers: Record<string, (certificate: Loose) => void> = {
    'a negative weight': (c) => {
      (weighting(c).pools[0] as { weights: Record<string, number> }).weights.memoryBytes = -1;
    },
    'a negative weight that its full value makes up for': (c) => {
      const [pool] = weighting(c).pools;
      (pool as { weights: Record<string, number> }).weights.diskBytes = -1000;
      (pool as { full: number }).full -= 1000;
    },
    'a negative step': (c) => {
      (weighting(c).steps as { steps: { value: number }[] }).steps[0] = { from: 1, value: -1 } as never;
    },
    'a weight that is no whole number': (c) => {
      (weighting(c).pools[0] as { weights: Record<string, number> }).weights.models = 0.5;
    },
    'a cheaper full pod': (c) => {
      (weighting(c).pools[0] as { full: number }).full -= 1;
    },
    'models worth more': (c) => {
      weighting(c).value += 1;
    },
    'steps in a dimension that copies share': (c) => {
      (weighting(c).steps as { dimension: string }).dimension = 'microDuty';
    },
    'a step further down': (c) => {
      (weighting(c).steps as { steps: { from: number }[] }).steps.forEach((step) => {
        step.from = Math.max(1, Math.floor(step.from / 2));
      });
    },
    'a pool left out': (c) => {
      weighting(c).pools.pop();
    },
    'one pod more': (c) => {
      (c.classes[0] as { pods: number }).pods += 1;
      c.pods += 1;
    },
    'one micro-dollar more': (c) => {
      (c.classes[0] as { podCostMicrosPerHour: number }).podCostMicrosPerHour += 1;
      c.podCostMicrosPerHour += 1;
    },
    'no weights': (c) => {
      (c.classes[0] as { weightings: unknown[] }).weightings = [];
    },
    'other sums': (c) => {
      c.pods += 1;
    },
    'a class twice': (c) => {
      c.classes.push(structuredClone(c.classes[0]) as never);
    },
    'no class': (c) => {
      c.classes = [];
    },
  };
  it.each(Object.keys(forgers))('by %s is refused', (name) => {
    const forged = copy();
    forgers[name]?.(forged);
    expect(codes(forged)).toEqual(new Set(['STW2105']));
  });

  it('in any one number, by a little, is refused', () => {
    const text = JSON.stringify(honest);
    const places = [...text.matchAll(/(?<=[:[,])\d+(?=[,\]}])/g)].map(({ index, 0: digits }) => ({ index, digits }));
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, -1, 1000, -1000, 2 ** 20), (choice, by) => {
        const place = places[choice % places.length] as { index: number; digits: string };
        const changed = String(Number(place.digits) + by);
        const forged: unknown = JSON.parse(
          text.slice(0, place.index) + changed + text.slice(place.index + place.digits.length),
        );
        expect(codes(forged).size).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([null, 3, 'x', [], {}, { method: 'dual' }, { method: 'dual', classes: [null, 1, {}] }])(
    'to %j is a finding, never a throw',
    (value) => {
      expect(codes(value)).toEqual(new Set(['STW2105']));
    },
  );
});
