import { defineFleet } from 'stowage';

const categories = ['business', 'culture', 'health', 'politics', 'science', 'sport', 'technology', 'travel'];

export const fleet = defineFleet({
  name: 'newsroom',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 0.68, maxNodes: 4 }],
  tenants: [{ name: 'legal', isolation: 'process' }],
  models: [
    ...categories.map((category) => ({
      name: `topic-${category}`,
      format: 'sklearn',
      storageUri: `s3://newsroom/topic/${category}`,
      memory: '180Mi',
      replicas: 2,
      requestsPerSecond: 5,
      cpuSecondsPerRequest: 0.003,
    })),
    { name: 'contract-clauses', tenant: 'legal', format: 'sklearn', storageUri: 's3://legal/clauses', memory: '400Mi' },
  ],
  budgets: { pods: 20 },
  mesh: { storageSecretName: 'model-storage' },
});
