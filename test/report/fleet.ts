import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { ModelInput } from '../../src/declare/input';
import { type PlannedFleet, planFleet } from '../../src/project/plan-fleet';

/** Two pools, three tenants, one of them apart, and a budget that is broken. */
export function smallFleet(more: readonly ModelInput[] = []): Fleet {
  const vision = ['resnet50', 'resnet101', 'vit-base', 'vit-large', 'convnext-base'].map((name, i) => ({
    name,
    format: 'onnx',
    runtime: 'triton',
    storageUri: `s3://models/${name}`,
    gpuMemory: `${2 + i}Gi`,
    memory: '1Gi',
    requestsPerSecond: 20,
    gpuSecondsPerRequest: 0.004,
    ...(i > 2 ? { tenant: 'acme' } : {}),
  }));
  const news = ['culture', 'politics', 'sports'].map((name) => ({
    name: `news-${name}`,
    tenant: 'press',
    format: 'sklearn',
    storageUri: `s3://models/${name}`,
    memory: '200Mi',
    replicas: 2,
  }));
  return defineFleet({
    name: 'small',
    pools: [
      { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 0.68, maxNodes: 4 },
      {
        name: 'l4',
        accelerator: { kind: 'L4', memory: '23034Mi', perNode: 4 },
        cpu: 48,
        memory: '192Gi',
        pricePerNodeHour: 3.2,
      },
    ],
    tenants: [{ name: 'acme', isolation: 'process' }],
    packing: { layout: 'equal' },
    budgets: { pods: 10, ips: { limit: 4, enforcement: 'warn' }, gpus: { L4: 1 }, costPerHour: 20 },
    models: [...vision, ...news, ...more],
  });
}

export const plannedSmall = (): PlannedFleet => planFleet(smallFleet());
