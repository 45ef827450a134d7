import fc from 'fast-check';
import { byCodePoint } from '../../src/declare/findings';
import type { BudgetsInput, FleetInput, ModelInput, PoolInput, TenantInput } from '../../src/declare/input';

/**
 * Small valid fleets for property tests: a CPU-only pool and L4s always, sometimes MIG slices and A100s; shared, process
 * and node isolation; scikit-learn, ONNX and LoRA models; replicas, loads, labels with never-with, zones, budgets.
 * Every value passes `defineFleet`. Budgets may be too small on purpose: a plan says so, it does not fail.
 */
export interface FleetShape {
  readonly minModels?: number;
  readonly maxModels?: number;
  /** @default true */
  readonly budgets?: boolean;
}

export function fleetInputs(shape: FleetShape = {}): fc.Arbitrary<FleetInput> {
  const { minModels = 1, maxModels = 40 } = shape;
  return fc
    .record({
      pools,
      models: fc.uniqueArray(modelDetails, {
        minLength: minModels,
        maxLength: maxModels,
        selector: (model) => model.id,
      }),
      budgets: shape.budgets === false ? fc.constant({}) : budgets,
      utilizationTarget: fc.constantFrom(0.5, 0.7, 1),
      layout: fc.constantFrom('copies' as const, 'equal' as const),
      routers: fc.integer({ min: 1, max: 3 }),
      baseline: fc.record({
        podsPerReplica: fc.integer({ min: 1, max: 2 }),
        minReplicas: fc.integer({ min: 1, max: 3 }),
      }),
    })
    .map(({ pools, models, budgets, utilizationTarget, layout, routers, baseline }) => ({
      name: 'generated',
      pools,
      runtimes,
      tenants,
      models: models.map(modelInput),
      budgets,
      packing: { layout, utilizationTarget },
      mesh: { router: { replicas: routers } },
      baseline,
    }));
}

/** The same declaration with every list in another order. */
export function shuffledFleet(input: FleetInput): fc.Arbitrary<FleetInput> {
  const shuffled = <T>(list: readonly T[]) =>
    fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
  return fc
    .tuple(
      shuffled(input.pools),
      shuffled(input.models ?? []),
      shuffled(input.tenants ?? []),
      shuffled(input.runtimes ?? []),
    )
    .map(([pools, models, tenants, runtimes]) => ({ ...input, pools, models, tenants, runtimes }));
}

/** A declaration cut in two by its models: what was there, and what a later change adds. */
export function splitFleet(
  input: FleetInput,
  kept: number,
): { readonly before: FleetInput; readonly after: FleetInput } {
  return { before: { ...input, models: (input.models ?? []).slice(0, Math.max(1, kept)) }, after: input };
}

/** The keys that `defineFleet` gives the models, sorted. */
export function modelKeys(input: FleetInput): string[] {
  return (input.models ?? [])
    .map((model) => `${model.tenant ?? 'default'}/${model.name}@${model.version ?? '1'}`)
    .sort(byCodePoint);
}

const runtimes: FleetInput['runtimes'] = [
  {
    name: 'vllm',
    extends: 'vllm',
    baseModels: [
      { name: 'llama-8b', storageUri: 'hf://example/llama-8b', gpuMemory: '14Gi' },
      { name: 'qwen-1b', storageUri: 'hf://example/qwen-1b', gpuMemory: '2Gi' },
    ],
  },
];

const tenants: readonly TenantInput[] = [
  { name: 'open', isolation: 'shared' },
  { name: 'solo', isolation: 'process' },
  { name: 'pair-a', isolation: 'process', group: 'pair' },
  { name: 'pair-b', isolation: 'process', group: 'pair' },
  { name: 'vault', isolation: 'node' },
];

const price = fc.integer({ min: 1, max: 3000 }).map((cents) => cents / 100);
const maxNodes = fc.option(fc.integer({ min: 2, max: 30 }), { nil: undefined });

const cpuPool: fc.Arbitrary<PoolInput> = fc
  .record({
    pricePerNodeHour: price,
    maxNodes,
    minNodes: fc.integer({ min: 0, max: 2 }),
    podsPerNode: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    ipsPerNode: fc.constantFrom(undefined, 29, 58),
    zones: fc.constantFrom(undefined, ['a', 'b']),
  })
  .map((pool) => ({ name: 'cpu', cpu: 16, memory: '64Gi', ...pool }));

const gpuPool = (
  name: string,
  kind: string,
  fixed: Omit<PoolInput, 'name' | 'accelerator'>,
  memory: string,
  perNode: number,
  mig?: string,
) =>
  fc
    .record({ pricePerNodeHour: price, maxNodes, speed: fc.constantFrom(0.6, 1, 2) })
    .map((pool): PoolInput => ({ name, accelerator: { kind, memory, perNode, mig }, ...fixed, ...pool }));

const pools: fc.Arbitrary<PoolInput[]> = fc
  .tuple(
    cpuPool,
    gpuPool('l4', 'L4', { cpu: 48, memory: '192Gi', zones: ['a', 'b'] }, '23034Mi', 4),
    fc.option(gpuPool('mig', 'A100', { cpu: 96, memory: '512Gi' }, '9856Mi', 7, '1g.10gb')),
    fc.option(gpuPool('a100', 'A100', { cpu: 96, memory: '1024Gi', disk: '2000Gi' }, '80Gi', 8)),
  )
  .map((list) => list.filter((pool) => pool !== null));

interface ModelDetails {
  readonly id: number;
  readonly kind: 'sklearn' | 'onnx' | 'onnx-cpu' | 'lora';
  readonly tenant: string | undefined;
  readonly version: string | undefined;
  readonly size: number;
  readonly memory: number | undefined;
  readonly disk: number | undefined;
  readonly requestsPerSecond: number;
  readonly milliseconds: number;
  readonly replicas: number | undefined;
  readonly base: string;
  readonly team: string | undefined;
  readonly avoids: string | undefined;
  readonly zones: readonly string[] | undefined;
}

const modelDetails: fc.Arbitrary<ModelDetails> = fc.record({
  id: fc.nat(999_999),
  kind: fc.constantFrom('sklearn', 'onnx', 'onnx', 'onnx-cpu', 'lora'),
  tenant: fc.constantFrom(undefined, 'open', 'named-by-models-only', 'solo', 'pair-a', 'pair-b', 'vault'),
  version: fc.constantFrom(undefined, '2', '2026.1'),
  size: fc.integer({ min: 1, max: 8000 }),
  memory: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: undefined }),
  disk: fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
  requestsPerSecond: fc.constantFrom(0, 0, 0.5, 3, 20),
  milliseconds: fc.integer({ min: 0, max: 80 }),
  replicas: fc.constantFrom(undefined, 1, 2, 3),
  base: fc.constantFrom('llama-8b', 'qwen-1b'),
  team: fc.constantFrom(undefined, undefined, 'red', 'blue'),
  avoids: fc.constantFrom(undefined, undefined, 'red', 'blue'),
  zones: fc.constantFrom(undefined, undefined, ['a'], ['a', 'b']),
});

function modelInput(details: ModelDetails): ModelInput {
  const name = `m${details.id}`;
  const { kind, size, milliseconds, team, avoids } = details;
  const onGpu = kind === 'onnx' || kind === 'lora';
  const seconds = milliseconds / 1000;
  return {
    name,
    version: details.version,
    tenant: details.tenant,
    format: kind === 'sklearn' ? 'sklearn' : kind === 'lora' ? 'lora' : 'onnx',
    runtime: kind === 'sklearn' || kind === 'lora' ? undefined : 'triton',
    base: kind === 'lora' ? details.base : undefined,
    storageUri: `s3://models/${name}`,
    gpuMemory: onGpu ? `${kind === 'lora' ? Math.min(size, 512) : size}Mi` : undefined,
    memory: details.memory === undefined ? undefined : `${details.memory}Mi`,
    disk: details.disk === undefined ? undefined : `${details.disk}Mi`,
    requestsPerSecond: details.requestsPerSecond,
    gpuSecondsPerRequest: onGpu ? seconds : undefined,
    cpuSecondsPerRequest: onGpu ? seconds / 4 : seconds,
    replicas: details.replicas,
    zones: details.zones,
    labels: team === undefined ? undefined : { team },
    neverWith: avoids === undefined || avoids === team ? undefined : [`team=${avoids}`],
  };
}

const enforced = <T>(value: fc.Arbitrary<T>) =>
  fc.option(fc.record({ limit: value, enforcement: fc.constantFrom(undefined, 'hard' as const, 'warn' as const) }), {
    nil: undefined,
  });
const upTo = (max: number) => enforced(fc.integer({ min: 1, max }));

const budgets: fc.Arbitrary<BudgetsInput> = fc.record({
  pods: upTo(60),
  ips: upTo(60),
  nodes: upTo(20),
  gpus: fc.option(
    upTo(20).map((L4) => (L4 === undefined ? {} : { L4 })),
    { nil: undefined },
  ),
  cpu: upTo(300),
  memory: upTo(2000).map((limit) => limit && { ...limit, limit: `${limit.limit}Gi` }),
  costPerHour: upTo(500),
  modelsPerShard: upTo(12),
  moves: upTo(3),
  moveBytes: upTo(20).map((limit) => limit && { ...limit, limit: `${limit.limit}Gi` }),
});
