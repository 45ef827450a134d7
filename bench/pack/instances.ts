import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { loadFleet } from '../../src/declare/load-fleet';
import { catalogueFleet, catalogueModels } from '../catalogue';
import { randomNumbers } from '../random';

export interface Instance {
  readonly name: string;
  readonly fleet: Fleet;
}

export interface CatalogueOptions {
  /** One tenant in twenty apart. */
  readonly isolated: boolean;
  readonly modelsPerPod?: 32 | 128;
  /** Only models with an accelerator, on the pool that holds them all; absent: three pools. */
  readonly onePool?: boolean;
}

/** A generated catalogue. */
export function realistic(count: number, seed: number, options: CatalogueOptions): Instance {
  const { isolated, modelsPerPod, onePool = false } = options;
  const { catalogues: _, ...input } = catalogueFleet(count, seed);
  const models = catalogueModels(count, seed);
  const fleet = defineFleet({
    ...input,
    pools: input.pools.filter((pool) => !onePool || pool.name === 'a100'),
    tenants: isolated ? (input.tenants ?? []) : [],
    models: onePool ? models.filter(({ gpuMemory }) => gpuMemory !== undefined) : models,
    ...(modelsPerPod === undefined ? {} : { budgets: { modelsPerShard: modelsPerPod } }),
  });
  const parts = [
    `catalogue ${count}, seed ${seed}`,
    modelsPerPod === undefined ? '' : `${modelsPerPod} a pod`,
    isolated ? '' : 'all shared',
    onePool ? 'one pool' : '',
  ];
  return { name: parts.filter((part) => part !== '').join(', '), fleet };
}

/** All image models that timm publishes a throughput of. */
export function imageZoo(): Instance {
  return { name: 'image zoo', fleet: loadFleet(join(__dirname, '../../examples/image-zoo/fleet.yaml')) };
}

const mebibyte = 2 ** 20;
/** Of accelerator memory for models, in MiB. */
const room = 15_000;

/** One pool whose pods have `room` MiB and one second a second for models, so that a size of 1 is a whole pod. */
function oneDimensional(name: string, sizes: readonly number[], duties: readonly number[] = []): Instance {
  const input: FleetInput = {
    name: 'hard',
    pools: [
      {
        name: 'gpu',
        // Triton takes 512 MiB itself, and as much is kept in reserve.
        accelerator: { kind: 'L4', memory: (room + 1024) * mebibyte, perNode: 1 },
        cpu: 64,
        memory: '4Ti',
        disk: '8Ti',
        pricePerNodeHour: 1,
      },
    ],
    packing: { utilizationTarget: 1 },
    models: sizes.map((size, i): ModelInput => {
      const duty = duties[i] ?? 0;
      return {
        name: `m${String(i).padStart(6, '0')}`,
        format: 'onnx',
        storageUri: 's3://models/m',
        gpuMemory: Math.round(size * room) * mebibyte,
        memory: mebibyte,
        disk: mebibyte,
        ...(duty === 0 ? {} : { requestsPerSecond: 1, gpuSecondsPerRequest: duty }),
      };
    }),
  };
  return { name, fleet: defineFleet(input) };
}

/** Whole numbers from 20 to 100 in bins of 150 (Falkenauer's uniform class). */
export function uniform(count: number, seed: number): Instance {
  const random = randomNumbers(seed);
  const sizes = Array.from({ length: count }, () => (20 + Math.floor(random() * 81)) / 150);
  return oneDimensional(`uniform 20..100 of 150, ${count}, seed ${seed}`, sizes);
}

/** Bins cut into three (Falkenauer's triplets): the optimum is a third of the count. */
export function triplets(count: number, seed: number): Instance {
  const random = randomNumbers(seed);
  const sizes: number[] = [];
  while (sizes.length < count) {
    const first = 0.38 + 0.11 * random();
    const second = 0.25 + (first / 2 - 0.005 - 0.25) * random() + (0.31 - first / 2) * random();
    const cut = [first, second].map((size) => Math.round(size * room) / room);
    sizes.push(...cut, Math.round((1 - (cut[0] as number) - (cut[1] as number)) * room) / room);
  }
  return oneDimensional(`triplets, ${sizes.length}, seed ${seed}`, shuffled(sizes, random));
}

function shuffled(values: readonly number[], random: () => number): number[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [result[i], result[k]] = [result[k] as number, result[i] as number];
  }
  return result;
}

/** Sizes between a quarter and a half. */
export function quarterToHalf(count: number, seed: number): Instance {
  const random = randomNumbers(seed);
  return oneDimensional(
    `1/4 to 1/2, ${count}, seed ${seed}`,
    Array.from({ length: count }, () => 0.25 + 0.25 * random()),
  );
}

/** Memory and load against each other: what is large in one is small in the other. */
export function antiCorrelated(count: number, seed: number): Instance {
  const random = randomNumbers(seed);
  const sizes = Array.from({ length: count }, () => 0.02 + 0.28 * random());
  const duties = sizes.map((size) => Math.max(0.01, 0.32 - size + 0.04 * (random() - 0.5)));
  return oneDimensional(`2-D anti-correlated, ${count}, seed ${seed}`, sizes, duties);
}
