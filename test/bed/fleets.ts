import type { FleetInput, ModelInput } from '../../src/declare/input';

const L4 = { kind: 'L4', memory: '23034Mi', perNode: 4 };

/** `count` models that each fill more than half of an L4, so that each needs one of its own. */
const large = (tenant: string, count: number): readonly ModelInput[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `${tenant}-${index}`,
    tenant,
    format: 'onnx',
    storageUri: `s3://models/${tenant}/${index}`,
    gpuMemory: '12Gi',
    memory: '1Gi',
    throughputPerSecond: 500,
    requestsPerSecond: 20,
  }));

/** 150 + 30 + 14 pods of one GPU: 38 nodes for anybody's, 8 for acme's, 4 for globex's. */
export const fiftyNodeFleet: FleetInput = {
  name: 'fifty',
  namespace: 'fifty',
  pools: [{ name: 'l4', accelerator: L4, cpu: 32, memory: '128Gi', maxNodes: 50 }],
  tenants: [
    { name: 'acme', isolation: 'node' },
    { name: 'globex', isolation: 'node' },
  ],
  models: [...large('anybody', 150), ...large('acme', 30), ...large('globex', 14)],
};

/** A bit of everything: MIG slices, CPU, LoRA adapters with their base, zones, credentials, a router that scales. */
export const everyKindFleet: FleetInput = {
  name: 'everything',
  namespace: 'everything',
  pools: [
    { name: 'l4', accelerator: L4, cpu: 32, memory: '128Gi', zones: ['a'] },
    {
      name: 'slices',
      accelerator: { kind: 'A100-1g', memory: '9856Mi', perNode: 7, mig: '1g.10gb' },
      cpu: 32,
      memory: '256Gi',
    },
    { name: 'cpu', cpu: 16, memory: '64Gi' },
  ],
  runtimes: [
    {
      name: 'llama',
      extends: 'vllm',
      baseModels: [
        { name: 'llama-3-8b', storageUri: 's3://models/llama-3-8b', gpuMemory: '15Gi', memory: '4Gi', disk: '16Gi' },
      ],
    },
  ],
  tenants: [{ name: 'acme', isolation: 'node' }],
  models: [
    ...large('acme', 2),
    { name: 'resnet', format: 'onnx', storageUri: 's3://m/resnet', gpuMemory: '1Gi', pools: ['slices'], replicas: 3 },
    { name: 'zoned', format: 'onnx', storageUri: 's3://m/zoned', gpuMemory: '1Gi', pools: ['l4'], zones: ['a'] },
    { name: 'churn', format: 'sklearn', storageUri: 's3://m/churn', memory: '64Mi', replicas: 2 },
    {
      name: 'adapter',
      format: 'lora',
      runtime: 'llama',
      base: 'llama-3-8b',
      storageUri: 's3://m/adapter',
      gpuMemory: '64Mi',
      pools: ['l4'],
    },
  ],
  mesh: {
    router: { replicas: 2, maxReplicas: 6 },
    serviceType: 'LoadBalancer',
    storageSecretName: 'storage',
    clientNamespaces: ['clients'],
  },
};
