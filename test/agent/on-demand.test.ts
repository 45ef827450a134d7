import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelTableEntry } from '../../src/render/model-table';
import { startAgent, type TestAgent, TestRouter } from './support/agents';
import { askGrpc } from './support/infer-grpc';
import { ask, type RunningServer, startMlserver, trainModels } from './support/mlserver';
import { missingPart, stopAll, until } from './support/parts';
import { entry, headerOf, partOf } from './support/tables';

const missing = missingPart('mlserver');
const MiB = 2 ** 20;

describe.skipIf(missing !== null)(`on-demand models${missing === null ? '' : ` (${missing})`}`, () => {
  let root: string;
  let server: RunningServer;
  let started: TestAgent;
  let router: TestRouter;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'stowage-demand-'));
    trainModels(join(root, 'artifacts'), { one: 1, two: 2, three: 3, always: 4 });
    mkdirSync(join(root, 'artifacts', 'broken'));
    writeFileSync(join(root, 'artifacts', 'broken', 'model.joblib'), 'not a model');
  });

  beforeEach(async () => {
    const place = mkdtempSync(join(root, 'pod-'));
    server = await startMlserver(join(place, 'models'));
    const table = join(place, 'table');
    mkdirSync(table);
    const models = [
      entry({ name: 'always', size: 40 * MiB, uri: `file://${root}/artifacts/always` }),
      ...['one', 'two', 'three', 'broken'].map(onDemand),
    ];
    // Room for the resident and two more.
    for (const [file, text] of Object.entries(partOf(headerOf(120 * MiB), models)))
      writeFileSync(join(table, file), text);
    started = await startAgent(server.address, table, { demandWaitMs: 20_000 });
    router = new TestRouter('r1', started.origin);
    await until('the pod is ready', async () => (await fetch(`${started.origin}/readyz`)).status === 200);
  });

  afterEach(async () => {
    await started.agent.stop();
    await stopAll();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function onDemand(name: string): ModelTableEntry {
    return entry({ name, size: 40 * MiB, residency: 'on-demand', uri: `file://${root}/artifacts/${name}` });
  }
  const loads = (served: string): number => started.log.filter((line) => line.includes(`"${served}"`)).length;

  it('loads at first use, once for all who ask, and evicts what was used longest ago', async () => {
    await router.sync();
    expect(router.states()).toMatchObject({ 't~one~1': 'ready', 't~always~1': 'ready' });
    expect(await ask(server.origin, 't~one~1')).toBe('HTTP 404');
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(started.proxy, 't~one~1')));
    expect(new Set(answers)).toEqual(new Set([1]));
    expect(started.log.filter((line) => line.includes('"loaded"') && line.includes('t/one@1'))).toHaveLength(1);

    expect(await ask(started.proxy, 't~two~1')).toBe(2);
    expect(await ask(started.proxy, 't~one~1')).toBe(1);
    expect(await ask(started.proxy, 't~three~1')).toBe(3);
    expect(await ask(server.origin, 't~two~1')).toBe('HTTP 404');
    expect(await ask(server.origin, 't~one~1')).toBe(1);
    expect(await ask(server.origin, 't~always~1')).toBe(4);
    expect(loads('t~two~1')).toBe(1);
    const metrics = await (await fetch(`${started.origin}/metrics`)).text();
    expect(metrics).toContain('stowage_agent_evictions_total{fleet="test",shard="s1"} 1');
    expect(metrics).toMatch(/stowage_agent_demand_total\{result="hit",fleet="test",shard="s1"\} 1\n/);
  });

  it('answers gRPC on the same port', async () => {
    const address = started.proxy.replace('http://', '');
    expect(await askGrpc(address, 't~two~1')).toBe(2);
    expect(await askGrpc(address, 't~two~1')).toBe(2);
    expect(await askGrpc(address, 't~nobody~1')).toMatch(/^5 /);
    expect(await askGrpc(address, 't~broken~1')).toMatch(/^14 not loaded: STW6105/);
  });

  it('keeps what is in use, and says when to come again', async () => {
    // Two requests whose bodies never end hold their models.
    const held = ['t~one~1', 't~two~1'].map((served) => {
      const open = request(`${started.proxy}/v2/models/${served}/infer`, {
        method: 'POST',
        headers: { 'content-length': '100000' },
      });
      open.on('error', () => undefined);
      open.write('{');
      return open;
    });
    for (const name of ['one', 'two']) {
      await until(`${name} is loaded`, async () => (await ask(server.origin, `t~${name}~1`)) !== 'HTTP 404');
    }
    const busy = await fetch(`${started.proxy}/v2/models/t~three~1/infer`, { method: 'POST', body: '{}' });
    expect(busy.status).toBe(503);
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await ask(server.origin, 't~one~1')).toBe(1);
    for (const open of held) open.destroy();
    expect(await ask(started.proxy, 't~three~1')).toBe(3);
  });

  it('refuses what cannot be loaded with the reason, and everything that is not inference', async () => {
    const broken = await fetch(`${started.proxy}/v2/models/t~broken~1/infer`, { method: 'POST', body: '{}' });
    expect(broken.status).toBe(503);
    expect(await broken.text()).toContain('STW6105: MLServer');
    for (const path of ['/v2/models/t~nobody~1/infer', '/v2/repository/models/t~one~1/load', '/v2/health/live', '/']) {
      expect((await fetch(`${started.proxy}${path}`, { method: 'POST', body: '{}' })).status).toBe(404);
    }
    // One model's failure is none of the others'.
    expect(await ask(started.proxy, 't~one~1')).toBe(1);
  });
});
