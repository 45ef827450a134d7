import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FleetInput, ModelInput, TenantInput } from '../src/declare/input';
import { randomNumbers } from './random';

/**
 * Makes catalogues of any size. Image models' sizes and throughputs are those of timm's published benchmarks (see
 * examples/image-zoo/data); the rest is modelled: the mix (60% image, 20% LoRA adapters, 20% tabular), one tenant for 25
 * models with sizes from a Pareto distribution, 5% of tenants isolated, loads by Zipf's law, more copies for the hottest.
 */
const mix = { image: 0.6, adapter: 0.2 } as const;
const modelsPerTenant = 25;
const isolatedTenants = 0.05;
const bases = ['llama-3.1-8b', 'mistral-7b'] as const;
/** MiB of LoRA adapters: 2 bytes x (in + out) x rank over the modules of a 7B model, ranks 8 to 64. */
const adapterMiB = [8, 16, 32, 38, 64, 76, 152, 305] as const;

interface ImageModel {
  readonly gpuMemory: string;
  readonly memory: string;
  readonly throughputPerSecond: number;
}

function imageModels(): readonly ImageModel[] {
  const file = join(__dirname, '../examples/image-zoo/models.csv');
  const [header = '', ...rows] = readFileSync(file, 'utf8').trim().split('\n');
  const columns = header.split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    const cell = (column: string) => cells[columns.indexOf(column)] ?? '';
    return {
      gpuMemory: cell('gpuMemory'),
      memory: cell('memory'),
      throughputPerSecond: Number(cell('throughputPerSecond')),
    };
  });
}

/** The models, in an order that says nothing of their size. */
export function catalogueModels(count: number, seed: number): readonly ModelInput[] {
  const random = randomNumbers(seed);
  const images = imageModels().filter((entry) => entry.throughputPerSecond > 0);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const tenants = tenantNames(count);
  // Pareto: few tenants have most models.
  const tenantAt = () => tenants[Math.floor(tenants.length * random() ** 2.2)] as string;
  return Array.from({ length: count }, (_, i): ModelInput => {
    const rank = 1 + Math.floor(random() * count);
    const heat = 1 / rank ** 0.9;
    const common = {
      name: `m${String(i).padStart(6, '0')}`,
      tenant: tenantAt(),
      storageUri: `s3://models/m${i}`,
      replicas: rank <= count / 1000 ? 4 : rank <= count / 100 ? 3 : rank <= count / 10 ? 2 : 1,
    };
    const kind = random();
    if (kind < mix.image) {
      const image = pick(images);
      const load = Math.min(0.6, 3 * heat);
      return {
        ...common,
        format: 'onnx',
        gpuMemory: image.gpuMemory,
        memory: image.memory,
        throughputPerSecond: image.throughputPerSecond,
        requestsPerSecond: round(load * image.throughputPerSecond),
      };
    }
    if (kind < mix.image + mix.adapter) {
      const size = pick(adapterMiB);
      return {
        ...common,
        format: 'lora',
        base: pick(bases),
        gpuMemory: `${size}Mi`,
        memory: `${size + 8}Mi`,
        requestsPerSecond: round(Math.min(5, 20 * heat)),
        gpuSecondsPerRequest: 0.05,
      };
    }
    return {
      ...common,
      format: 'sklearn',
      memory: `${Math.ceil(12 + 200 * random() ** 4)}Mi`,
      requestsPerSecond: round(Math.min(50, 200 * heat)),
      cpuSecondsPerRequest: 0.002,
    };
  });
}

function tenantNames(count: number): readonly string[] {
  return Array.from({ length: Math.max(4, Math.round(count / modelsPerTenant)) }, (_, i) => `t${i}`);
}

/** The fleet of a catalogue: three pools, isolated tenants, no budgets that could end a run early. */
export function catalogueFleet(count: number, seed: number): FleetInput {
  const random = randomNumbers(seed + 1);
  const tenants = tenantNames(count).flatMap((name): TenantInput[] => {
    const luck = random();
    if (luck >= isolatedTenants) return [];
    return [{ name, isolation: luck < isolatedTenants / 10 ? 'node' : 'process' }];
  });
  return {
    name: 'bench',
    pools: [
      { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 0.68 },
      {
        name: 'l4',
        accelerator: { kind: 'L4', memory: '23034Mi', perNode: 4 },
        cpu: 48,
        memory: '192Gi',
        disk: '2Ti',
        pricePerNodeHour: 3.2,
        speed: 0.6,
      },
      {
        name: 'a100',
        accelerator: { kind: 'A100', memory: '80Gi', perNode: 8 },
        cpu: 96,
        memory: '1Ti',
        disk: '8Ti',
        pricePerNodeHour: 22,
        speed: 2,
      },
    ],
    runtimes: [
      {
        name: 'vllm',
        extends: 'vllm',
        baseModels: bases.map((name) => ({ name, storageUri: `hf://${name}`, gpuMemory: '15Gi' })),
      },
    ],
    tenants,
    catalogues: ['models.jsonl'],
  };
}

/** Writes `fleet.json` and `models.jsonl`. */
export function writeCatalogue(directory: string, count: number, seed: number): void {
  const lines = catalogueModels(count, seed).map((entry) => JSON.stringify(entry));
  writeFileSync(join(directory, 'models.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(join(directory, 'fleet.json'), `${JSON.stringify(catalogueFleet(count, seed), null, 2)}\n`);
}

const round = (value: number): number => Number(value.toPrecision(4));
