import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Testing } from 'cdk8s';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newsroom } from '../../examples/cdk8s/app';
import { catalogue } from '../../examples/image-zoo/generate';
import * as benchmark from '../../examples/kserve-benchmark/compare';
import { benchmarkFleet } from '../../examples/kserve-benchmark/fleet';
import { largestFit } from '../../examples/kserve-benchmark/largest-fit';
import * as news from '../../examples/news-categories/compare';
import { fleet as customers } from '../../examples/per-customer/fleet';
import { planFleet } from '../../src/project/plan-fleet';
import type { KubernetesObject } from '../../src/render/objects';

const root = join(__dirname, '..', '..');

describe('news-categories', () => {
  const { ten, thousand, tenThousand } = news.compare();
  const limit = (name: string) => tenThousand.baseline.limitsHit.find(({ budget }) => budget === name)?.modelsThatFit;

  it("gives the page's overhead: 10 CPU and 10 GB, and 1 CPU and 1 GB when shared", () => {
    expect(ten.baseline).toMatchObject({ pods: 20, overheadCpuMillis: 10_000, overheadMemoryBytes: 10e9 });
    expect(ten.summary).toMatchObject({ shardPods: 2 });
    expect(ten.summary.overheadCpuMillis).toBeLessThanOrEqual(1_000);
    expect(ten.summary.overheadMemoryBytes).toBeLessThanOrEqual(1e9);
    const text = news.report({ ten, thousand, tenThousand });
    expect(text).toMatch(/one server a model +20 +10 CPU +10 GB +10 CPU, 10 GB/);
    expect(text).toMatch(/shared, with KServe's sidecars +2 +1 CPU +1 GB +1 CPU, 1 GB/);
  });

  it("gives the page's limits: 1,024 models at 4,096 IPs; 50 nodes hold 1,375 exactly", () => {
    expect(thousand.baseline.ips).toBe(4_096);
    expect(limit('ips')).toBe(1_024);
    expect(limit('pods')).toBe(1_375);
    expect(thousand.summary.ips).toBeLessThan(50);
    expect(tenThousand.summary.nodes).toBeLessThanOrEqual(50);
  });
});

describe('kserve-benchmark', { timeout: 180_000 }, () => {
  it('places at least the ten thousand that KServe did, within the same requests, and not one more', () => {
    const { models, plan } = benchmark.compare();
    expect(models).toBeGreaterThanOrEqual(10_000);
    expect(plan.summary.cpuMillis).toBeLessThanOrEqual(66_000);
    expect(plan.summary.memoryBytes).toBeLessThanOrEqual(63e9);
    expect(planFleet(benchmarkFleet(models + 1)).plan.budgets.some(({ status }) => status === 'broken')).toBe(true);
    expect(benchmark.report({ models, plan })).toContain('352');
  });

  it('finds the largest fit from any guess', () => {
    const range = fc.integer({ min: 1, max: 100_000 });
    fc.assert(fc.property(range, range, (limit, guess) => largestFit(guess, (n) => n <= limit) === limit));
  });
});

describe('image-zoo', () => {
  const data = (name: string) => readFileSync(join(root, 'examples', 'image-zoo', name), 'utf8');
  const nvidia4090 = data('data/benchmark-infer-amp-nchw-pt291-cu128-4090.csv');

  it('has the catalogue that its generator makes', () => {
    expect(data('models.csv')).toBe(catalogue(nvidia4090));
    expect(data('models.csv').trim().split('\n')).toHaveLength(1_628);
  });

  it('has the speed that the two benchmarks give', () => {
    const throughputs = (csv: string) =>
      new Map(
        csv
          .trim()
          .split(/\r?\n/)
          .slice(1)
          .map((line) => [line.split(',').slice(0, 2).join(), Number(line.split(',')[2])]),
      );
    const other = throughputs(data('data/benchmark-infer-amp-nchw-pt291-cu130-pro6000maxq.csv'));
    const ratios = [...throughputs(nvidia4090)]
      .flatMap(([key, value]) => (other.has(key) ? [(other.get(key) ?? 0) / value] : []))
      .sort((a, b) => a - b);
    const speed = Number(/speed: ([\d.]+)/.exec(data('fleet.yaml'))?.[1]);
    expect(speed).toBeCloseTo(ratios[Math.floor(ratios.length / 2)] ?? 0, 2);
  });
});

describe('per-customer', () => {
  const { plan } = planFleet(customers);
  const tenants = new Map(customers.tenants.map((tenant) => [tenant.name, tenant]));
  const tenantOf = new Map(customers.models.map(({ key, tenant }) => [key, tenant]));

  it('has 20,000 customers, isolated as its README says', () => {
    expect(plan.summary).toMatchObject({ models: 20_000, tenants: 20_000 });
    const levels = [...tenants.values()].filter(({ isolation }) => isolation !== 'shared');
    expect(levels.filter(({ isolation }) => isolation === 'node')).toHaveLength(4);
    expect(levels.filter(({ group }) => group === 'banking')).toHaveLength(74);
    expect(levels).toHaveLength(200);
  });

  it('mixes no customer with others against its isolation', () => {
    for (const shard of plan.shards) {
      const owners = new Set(shard.models.map((key) => tenants.get(tenantOf.get(key) ?? '')?.group ?? 'shared'));
      expect(owners.size, shard.id).toBe(1);
    }
  });
});

describe('cdk8s', () => {
  it('synthesises a namespace and the fleet in it', () => {
    const objects = Testing.synth(newsroom(Testing.app())) as KubernetesObject[];
    expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'newsroom' } });
    expect(objects.filter(({ kind }) => kind === 'Deployment')).toHaveLength(3);
    expect(new Set(objects.slice(1).map(({ metadata }) => metadata.namespace))).toEqual(new Set(['newsroom']));
  });
});

it('the demo prints the plan of the image zoo and the numbers of KServe', { timeout: 180_000 }, () => {
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  const text = execFileSync(process.execPath, [tsx, 'scripts/demo.ts'], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  for (const part of ['1,627 models', 'RTX4090', '10 CPU, 10 GB', '1,024', '1,375', '352', '~10,000'])
    expect(text).toContain(part);
});
