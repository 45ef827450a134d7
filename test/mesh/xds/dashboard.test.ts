import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentMetrics } from '../../../src/agent/metrics';
import { defineFleet } from '../../../src/declare/define-fleet';
import type { FleetInput } from '../../../src/declare/input';
import { MeshdMetrics } from '../../../src/mesh/metrics';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { pack } from '../../../src/pack/pack';
import { makePlan } from '../../../src/plan/make-plan';
import type { MeshState } from '../../../src/protocol/mesh-state';
import { renderFleet } from '../../../src/render/render';
import { podSpecOf } from '../../render/support';
import { ask, route, stateOf } from './asking';
import { startEchoPod } from './echo-pod';
import { findEnvoy, freePort, startEnvoy } from './envoy-bed';

const input: FleetInput = {
  name: 'shop',
  namespace: 'models',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: [{ name: 'iris', format: 'sklearn', storageUri: 's3://models/iris', memory: '1Gi' }],
  mesh: { dashboard: true },
};

function objectsOf(mesh: FleetInput['mesh']) {
  const fleet = defineFleet({ ...input, mesh });
  return renderFleet(fleet, makePlan(fleet, pack({ fleet }))).flatMap(({ objects }) => objects);
}

const found = objectsOf({ dashboard: true }).find(({ metadata }) => metadata.name === 'shop-dashboard');
const dashboard = JSON.parse((found?.data as Record<string, string> | undefined)?.['stowage-shop.json'] ?? '{}') as {
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly id: number;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
};
const targets = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((target) => ({ ...panel, ...target })));

describe('the dashboard', () => {
  it("is rendered where it is asked for, with the label that Grafana's sidecar looks for", () => {
    expect(found).toMatchObject({
      kind: 'ConfigMap',
      metadata: { namespace: 'models', labels: { grafana_dashboard: '1', 'stowage.dev/fleet': 'shop' } },
    });
    expect(objectsOf({}).filter(({ metadata }) => metadata.name === 'shop-dashboard')).toEqual([]);
  });

  it('has graphs that do not overlap, and lines whose number is bounded', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { expr } of targets) {
      // What grows with the fleet is cut to so many.
      if (/by \([^)]*\b(model|shard|envoy_cluster_name)\b/.test(expr)) expect(expr).toMatch(/^(topk\(\d+, |count\()/);
    }
  });
});

const envoy = findEnvoy();

/** Series as Prometheus reads them: a metric's name, and the labels that it has. */
type Series = readonly [metric: string, labels: Readonly<Record<string, string>>];

function seriesIn(text: string): Series[] {
  return [...text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)].map(([, metric = '', labels = '']) => [
    metric,
    Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value])),
  ]);
}

describe.skipIf(envoy.missing !== null)(`the dashboard's series (${envoy.missing ?? 'real Envoy'})`, () => {
  const all: Series[] = [];
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    all.push(...seriesIn(await agentText()), ...seriesIn(await meshdText()), ...seriesIn(await envoyText()));
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  /** Envoy as rendered: its own bootstrap, and what the router's arguments add. */
  async function envoyText(): Promise<string> {
    const pods = await Promise.all([startEchoPod('a'), startEchoPod('b')]);
    ends.push(...pods.map((pod) => () => pod.close()));
    const socketPath = `/tmp/stowage-dashboard-${process.pid}-${await freePort()}.sock`;
    const xds = await createXdsServer({ socketPath, keying: 'name' });
    ends.push(() => xds.close());
    const { stats_config: added } = addedConfig() as { stats_config: object };
    const router = await startEnvoy(envoy.path as string, { socketPath }, (bootstrap) => {
      const own = bootstrap as { readonly stats_config: object };
      return { ...own, stats_config: { ...own.stats_config, ...added } };
    });
    ends.push(() => router.stop());
    const several = 's1+1.0123456789abcdef';
    const shards = [
      { shard: 's1', protocols: ['v2-rest' as const], pods: pods.slice(0, 1).map(({ endpoint }) => endpoint) },
      { shard: several, protocols: ['v2-rest' as const], pods: pods.map(({ endpoint }) => endpoint) },
    ];
    const routes = [route('iris', 'default~iris~2', 's1'), route('wide', 'default~wide~1', several)];
    await Promise.all([router.live(), xds.apply(stateOf(routes, shards))]);
    for (const name of ['iris', 'wide', 'nobody']) await ask(router.http, 'POST', `/v2/models/${name}/infer`);
    for (const pod of pods) pod.answer = { status: 500, delayMs: 0 };
    await ask(router.http, 'POST', '/v2/models/iris/infer');
    return (await fetch(`http://127.0.0.1:${router.admin}/stats/prometheus`)).text();
  }

  function addedConfig(): object {
    const router = objectsOf({}).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'shop-router');
    if (router === undefined) throw new Error('there is no router');
    const { containers } = podSpecOf(router);
    const args = containers.flatMap((container) => container.args ?? []);
    const text = args[args.indexOf('--config-yaml') + 1] ?? '';
    return JSON.parse(text.replace('$(STOWAGE_FLEET)', 'shop')) as object;
  }

  async function agentText(): Promise<string> {
    const report = { served: 's', model: 't/a@1', state: 'failed', memoryBytes: 3, declaredBytes: 2 } as const;
    const metrics = new AgentMetrics(
      { fleet: 'shop', shard: 's1' },
      () => [report as never],
      () => 1,
    );
    for (const result of ['hit', 'miss', 'busy'] as const) metrics.demanded(result);
    metrics.failed('load');
    return (await metrics.text()).body;
  }

  async function meshdText(): Promise<string> {
    const pod = { pod: 'p', agent: 'heard', member: true, memoryBytes: 1, declaredBytes: 1 };
    const state = {
      fleet: 'shop',
      ready: true,
      source: { synced: true, problem: null },
      routes: { names: 1 },
      models: { up: 1, failed: 0 },
      shards: [{ shard: 's1', pods: [pod] }],
    };
    const metrics = new MeshdMetrics('shop', () => state as never as MeshState);
    metrics.pushed('acknowledged', 1);
    return metrics.registry.metrics();
  }

  it.each(targets.map(({ title, legendFormat, expr }) => [title, legendFormat, expr]))(
    '%s: %s',
    (_, legend = '', expr = '') => {
      const asked = [...expr.matchAll(/(\w+)\{([^}]*)\}/g)];
      expect(asked.length).toBeGreaterThan(0);
      const by = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', '));
      for (const [, metric = '', matchers = ''] of asked) {
        const wanted = [...matchers.matchAll(/(\w+)(=~?)"([^"]*)"/g)];
        const fitting = all.filter(
          ([name, labels]) =>
            name === metric &&
            wanted.every(([, label = '', sign, value = '']) =>
              sign === '=' ? labels[label] === value : new RegExp(`^(?:${value})$`).test(labels[label] ?? ''),
            ) &&
            by.every((label) => label in labels),
        );
        expect(fitting, `${metric}{${matchers}} by ${by.join(', ')}`).not.toEqual([]);
      }
      for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) expect(by).toContain(label);
    },
  );

  it('have names that do not depend on the fleet: a group of several shards is a label', () => {
    const names = new Set(all.map(([metric]) => metric));
    expect([...names].filter((name) => name.includes('0123'))).toEqual([]);
    const groups = new Set(all.map(([, labels]) => labels.envoy_cluster_name));
    expect([...groups]).toEqual(expect.arrayContaining(['s1/http', 's1+1_0123456789abcdef/http']));
  });
});
