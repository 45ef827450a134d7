import { defineFleet, type Fleet } from 'stowage';

/** What KServe measured; README.md has the source. */
export const measured = {
  perServer: { models: 352, cpu: 387, gigabytes: 211 },
  multiModel: { models: 10_000, servers: 6, cpu: 66, gigabytes: 63 },
} as const;

/** The benchmark's cluster and its model, a TensorFlow graph of 700 bytes on Triton, `models` times. */
export function benchmarkFleet(models: number): Fleet {
  return defineFleet({
    name: 'kserve-benchmark',
    pools: [
      {
        name: 'worker',
        cpu: 64, // not published; modelled
        memory: '563Gi', // 0.55 TiB
        podsPerNode: 19,
        minNodes: 0,
        maxNodes: 6,
      },
    ],
    runtimes: [
      // A server of 10 GiB held 1,667 models (10,000 on 6): 5 MiB each beside Triton's own 1.6 GiB, as the next lines say.
      { name: 'triton', extends: 'triton', perModelMemory: '4Mi', sharedMemory: { base: '64Mi', perModel: 0 } },
    ],
    models: Array.from({ length: models }, (_, i) => ({
      name: `simple-string-${String(i).padStart(6, '0')}`,
      format: 'tensorflow-savedmodel',
      runtime: 'triton',
      storageUri: 's3://models/simple_string',
      memory: '1Mi',
      disk: 700,
      provenance: 'measured',
    })),
    // The cluster's limits, and the requests that KServe's multi-model run took.
    budgets: { pods: 660, ips: 2_048, nodes: 6, cpu: measured.multiModel.cpu, memory: '63G' },
    // One InferenceService: a predictor of 100m and 100Mi, and a queue-proxy of 1 CPU and 500 MB.
    baseline: { sidecarCpu: 1, sidecarMemory: '500M', podsPerReplica: 1, minReplicas: 1 },
  });
}

export const fleet = benchmarkFleet(measured.multiModel.models);
