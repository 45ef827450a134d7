import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';

/** KServe's page "The model deployment scalability problem": 50 nodes, 110 pods a node of which 10 are the system's. */
function page(models: number, more: Partial<FleetInput> = {}, model: Partial<ModelInput> = {}) {
  const fleet = defineFleet({
    name: 'page',
    pools: [{ name: 'nodes', cpu: 64, memory: '256Gi', pricePerNodeHour: 2 }],
    models: Array.from({ length: models }, (_, i) => ({
      name: `m${String(i).padStart(5, '0')}`,
      format: 'sklearn',
      storageUri: `s3://models/${i}`,
      memory: '10Mi',
      ...model,
    })),
    ...more,
  });
  return makePlan(fleet, pack({ fleet })).baseline;
}

describe('the baseline of one server a model', () => {
  it.each([
    ['declared replicas', {}, { replicas: 2 }],
    ['least replicas', { baseline: { minReplicas: 2 } }, {}],
  ])("has the page's overhead for 10 models of 2 replicas: 10 CPU and 10 GB (%s)", (_, more, model) => {
    const baseline = page(10, more, model);
    expect(baseline.overheadCpuMillis).toBe(10_000);
    expect(baseline.overheadMemoryBytes).toBe(10e9);
    expect(baseline.pods).toBe(20);
    expect(baseline.ips).toBe(20);
    // Sidecar 500m and MLServer's 250m; 500M, MLServer's 512Mi and 64Mi of /dev/shm, the model's 10Mi and 1Mi.
    expect(baseline.cpuMillis).toBe(20 * 750);
    expect(baseline.memoryBytes).toBe(20 * (500e6 + (512 + 64 + 10 + 1) * 2 ** 20));
  });

  it('fits 1,024 models into 4,096 IPs at 4 pods a model', () => {
    const { limitsHit } = page(1500, { baseline: { podsPerReplica: 2, minReplicas: 2 }, budgets: { ips: 4096 } });
    expect(limitsHit).toEqual([{ budget: 'ips', used: 6000, limit: 4096, modelsThatFit: 1024 }]);
  });

  it('fits 1,250 models onto 50 nodes of 100 pods at 4 pods a model, the tightest limit first', () => {
    const { limitsHit, nodes, costMicrosPerHour } = page(1500, {
      pools: [{ name: 'nodes', cpu: 640, memory: '2560Gi', pricePerNodeHour: 2, maxNodes: 50 }],
      baseline: { podsPerReplica: 2, minReplicas: 2 },
      budgets: { pods: 4096, costPerHour: 100, cpu: 2000 },
    });
    expect(nodes).toBe(60);
    expect(costMicrosPerHour).toBe(120e6);
    expect(limitsHit).toEqual([
      { budget: 'pods', used: 6000, limit: 4096, modelsThatFit: 1024 },
      { budget: 'costPerHour', used: 120e6, limit: 100e6, modelsThatFit: 1250 },
      { budget: 'pool.nodes.nodes', used: 60, limit: 50, modelsThatFit: 1250 },
      { budget: 'cpu', used: 2_250_000, limit: 2_000_000, modelsThatFit: 1333 },
    ]);
  });

  it('lists no limit that all models keep', () => {
    expect(page(10, { budgets: { pods: 10, moves: 0, modelsPerShard: 1 } }).limitsHit).toEqual([]);
  });

  it('takes an accelerator a replica, and the cheapest pool that holds the model', () => {
    const fleet = defineFleet({
      name: 'gpus',
      pools: [
        {
          name: 'small',
          accelerator: { kind: 'L4', memory: '24Gi', perNode: 4 },
          cpu: 48,
          memory: '192Gi',
          pricePerNodeHour: 4,
        },
        {
          name: 'large',
          accelerator: { kind: 'A100', memory: '80Gi', perNode: 8 },
          cpu: 96,
          memory: '1024Gi',
          pricePerNodeHour: 24,
        },
      ],
      models: [
        ...Array.from({ length: 5 }, (_, i) => ({ name: `s${i}`, gpuMemory: '1Gi' })),
        { name: 'big', gpuMemory: '60Gi', disk: '10Gi' },
      ].map((model) => ({ format: 'onnx', runtime: 'triton', storageUri: 's3://models/m', memory: '1Gi', ...model })),
      budgets: { gpus: { L4: 4 } },
    });
    const { baseline, summary } = makePlan(fleet, pack({ fleet }));
    expect(baseline.gpus).toEqual({ A100: 1, L4: 5 });
    expect(baseline.nodes).toBe(3);
    expect(baseline.costMicrosPerHour).toBe(32e6);
    // In key order: the big one and four small ones.
    expect(baseline.limitsHit).toEqual([{ budget: 'gpus.L4', used: 5, limit: 4, modelsThatFit: 5 }]);
    expect(Object.values(summary.gpus).reduce((sum, count) => sum + count, 0)).toBeLessThan(6);
  });

  it('counts memory, CPU and IPs of nodes, whichever runs out first', () => {
    const pool = { name: 'nodes', cpu: 64, memory: '256Gi' };
    // 95% of 64 CPU holds 81 servers of 750m; 13 IPs hold 13; 95% of 256Gi holds 23 of 10Gi and overhead.
    expect(page(200, { pools: [pool] }).nodes).toBe(Math.ceil((200 * 750) / 60_800));
    expect(page(200, { pools: [{ ...pool, ipsPerNode: 13 }] }).nodes).toBe(16);
    const each = 500e6 + (512 + 64 + 10240 + 1) * 2 ** 20;
    expect(page(200, { pools: [pool] }, { memory: '10Gi' }).nodes).toBe(
      Math.ceil((200 * each) / (0.95 * 256 * 2 ** 30)),
    );
  });
});
