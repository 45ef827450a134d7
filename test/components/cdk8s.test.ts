import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Chart, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fleet } from '../../components/cdk8s/index';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { StowageError } from '../../src/errors/stowage-error';
import { planFleet, saveLock } from '../../src/project/plan-fleet';
import type { KubernetesObject } from '../../src/render/objects';

const small: FleetInput = {
  name: 'small',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: [{ name: 'a', format: 'sklearn', storageUri: 's3://models/a' }],
};
const synth = (chart: Chart) => Testing.synth(chart) as KubernetesObject[];
const codesOf = (work: () => unknown): readonly string[] => {
  try {
    work();
  } catch (error) {
    if (StowageError.is(error)) return error.diagnostics.map(({ code }) => code);
    throw error;
  }
  return [];
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-cdk8s-'));
  vi.stubEnv('CI', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

describe('names', () => {
  it('stay where the construct moves in the tree', () => {
    const names = (scope: (chart: Chart) => Construct, id: string) => {
      const chart = Testing.chart();
      new Fleet(scope(chart), id, { fleet: small, lock: 'off' });
      return synth(chart).map(({ metadata }) => metadata.name);
    };
    expect(names((chart) => new Construct(chart, 'deeper'), 'other')).toEqual(names((chart) => chart, 'models'));
  });
});

describe('namespace', () => {
  it("is the prop's, else the chart's, else the fleet's", () => {
    const namespaces = (chartNamespace?: string, namespace?: string) => {
      const chart = new Chart(new App(), 'chart', chartNamespace === undefined ? {} : { namespace: chartNamespace });
      const fleet = new Fleet(chart, 'models', { fleet: small, lock: 'off', namespace });
      const found = new Set(synth(chart).map(({ metadata }) => metadata.namespace));
      return { found: [...found], endpoint: fleet.endpoint };
    };
    expect(namespaces()).toMatchObject({ found: ['small'], endpoint: expect.stringContaining('.small.svc:') });
    expect(namespaces('charts')).toMatchObject({
      found: ['charts'],
      endpoint: expect.stringContaining('.charts.svc:'),
    });
    expect(namespaces('charts', 'own').found).toEqual(['own']);
  });

  it.each([undefined, 'charts'])('is made on request, under the restricted standard (chart: %s)', (namespace) => {
    const chart = new Chart(Testing.app(), 'chart', namespace === undefined ? {} : { namespace });
    new Fleet(chart, 'models', { fleet: small, lock: 'off', createNamespace: true });
    const [first] = synth(chart);
    expect(first).toMatchObject({
      kind: 'Namespace',
      metadata: { name: namespace ?? 'small', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    expect(first?.metadata).not.toHaveProperty('namespace');
  });
});

describe('overrides', () => {
  it('change images and the secret, and no placement', () => {
    const chart = Testing.chart();
    const fleet = new Fleet(chart, 'models', {
      fleet: small,
      lock: 'off',
      routerImage: 'registry.example.com/router:2',
      agentImage: 'registry.example.com/agent:2',
      storageSecretName: 'bucket-key',
    });
    const text = JSON.stringify(synth(chart));
    for (const value of ['router:2', 'agent:2', 'bucket-key']) expect(text).toContain(value);
    expect(fleet.plan.shards).toEqual(planFleet(defineFleet(small)).plan.shards);
  });
});

describe('the lockfile', () => {
  it('is read, and never written', () => {
    const lockfile = join(directory, 'stowage.lock');
    new Fleet(Testing.chart(), 'models', { fleet: small, lockfile });
    expect(existsSync(lockfile)).toBe(false);
    saveLock(planFleet(defineFleet(small), { lockfile }));
    expect(new Fleet(Testing.chart(), 'models', { fleet: small, lockfile }).plan.changes.against).toBe('lockfile');
  });

  it('must be current where CI is set, if there is one', () => {
    const lockfile = join(directory, 'stowage.lock');
    vi.stubEnv('CI', '1');
    new Fleet(Testing.chart(), 'models', { fleet: small, lockfile });
    saveLock(planFleet(defineFleet(small), { lockfile }));
    const added = { ...small, models: [{ name: 'b', format: 'sklearn', storageUri: 's3://models/b' }] };
    expect(codesOf(() => new Fleet(Testing.chart(), 'models', { fleet: added, lockfile }))).toEqual(['STW5103']);
  });
});

describe('findings', () => {
  it('are thrown all at once, broken hard budgets among them', () => {
    const bad = { ...small, models: [{ name: 'a', format: 'none', storageUri: 's3://a', replicas: -1 }] };
    expect(codesOf(() => new Fleet(Testing.chart(), 'models', { fleet: bad, lock: 'off' }))).toEqual(['STW1007']);
    const tight = { ...small, budgets: { pods: 1, ips: 1 } };
    expect(codesOf(() => new Fleet(Testing.chart(), 'models', { fleet: tight, lock: 'off' }))).toEqual([
      'STW5105',
      'STW5105',
      'STW3010',
    ]);
  });
});

it('knows its own instances, of any copy of the package', () => {
  expect(Fleet.isFleet(new Fleet(Testing.chart(), 'models', { fleet: small, lock: 'off' }))).toBe(true);
  expect(Fleet.isFleet(Testing.chart())).toBe(false);
});
