import { defineFleet, type Fleet } from 'stowage';

export interface NewsOptions {
  /** One model a news category. */
  readonly models: number;
  /** KServe's page counts four pods an InferenceService where it speaks of pods and IPs: a transformer beside each predictor. */
  readonly transformers?: boolean;
}

/** The page's case: each category has a model of its own, each with two replicas. */
export function newsFleet({ models, transformers = false }: NewsOptions): Fleet {
  return defineFleet({
    name: 'news',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1.36 }],
    models: Array.from({ length: models }, (_, i) => ({
      name: `category-${String(i).padStart(5, '0')}`,
      format: 'sklearn',
      storageUri: `s3://news/category-${i}`,
      memory: '64Mi', // a text classifier with its vocabulary; modelled
      replicas: 2,
      requestsPerSecond: 0.1,
      cpuSecondsPerRequest: 0.002,
    })),
    // 4,096 addresses, and 50 nodes of 110 pods: the page's cluster.
    budgets: { ips: 4_096, pods: 5_500, nodes: 50 },
    baseline: { podsPerReplica: transformers ? 2 : 1, sidecarCpu: '500m', sidecarMemory: '500M', minReplicas: 2 },
    // Ten small models need no large router.
    ...(models <= 10
      ? { mesh: { router: { cpu: '100m', memory: '128Mi', envoy: { cpu: '200m', memory: '128Mi' } } } }
      : {}),
  });
}

export const fleet = newsFleet({ models: 10 });
