import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelTable, ModelTableEntry } from '../../src/render/model-table';
import { startAgent, type TestAgent, TestRouter } from './support/agents';
import { ask, type RunningServer, startMlserver, trainModels } from './support/mlserver';
import { missingPart, stopAll, stopProcess, until } from './support/parts';
import { entry, headerOf, partOf } from './support/tables';

const missing = missingPart('mlserver');
const MiB = 2 ** 20;

describe.skipIf(missing !== null)(`the agent beside MLServer${missing === null ? '' : ` (${missing})`}`, () => {
  let root: string;
  let artifacts: string;
  let server: RunningServer;
  let table: string;
  let swaps = 0;
  const agents: TestAgent[] = [];

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'stowage-agent-'));
    artifacts = join(root, 'artifacts');
    trainModels(artifacts, { one: 1, two: 2, three: 3 });
    mkdirSync(join(artifacts, 'broken'));
    writeFileSync(join(artifacts, 'broken', 'model.joblib'), 'not a model');
  });

  beforeEach(async () => {
    const place = mkdtempSync(join(root, 'pod-'));
    table = join(place, 'table');
    mkdirSync(table);
    server = await startMlserver(join(place, 'models'));
  });

  afterEach(async () => {
    for (const { agent } of agents.splice(0)) await agent.stop();
    await stopAll();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const model = (name: string, more: Partial<Parameters<typeof entry>[0]> = {}): ModelTableEntry =>
    entry({ name, size: 10 * MiB, uri: `file://${artifacts}/${name}`, ...more });

  const header = (memoryBytes = 1000 * MiB): ModelTable['header'] => headerOf(memoryBytes);

  /** As kubelet does it: a new folder, and a link that is swapped at once. */
  function mount(models: readonly ModelTableEntry[], head = header()): void {
    swaps += 1;
    const version = join(table, `..${swaps}`);
    mkdirSync(version);
    for (const [file, text] of Object.entries(partOf(head, models))) {
      writeFileSync(join(version, file), text);
      if (swaps === 1 || !linked.has(table)) symlinkSync(join('..data', file), join(table, file));
    }
    linked.add(table);
    symlinkSync(version, join(table, '..data.new'));
    renameSync(join(table, '..data.new'), join(table, '..data'));
  }
  const linked = new Set<string>();

  async function agent(more: Parameters<typeof startAgent>[2] = {}): Promise<TestAgent> {
    const started = await startAgent(server.address, table, more);
    agents.push(started);
    return started;
  }

  it('loads what the mounted table says, keeps going past a broken model, and takes up changes', async () => {
    mount([model('one'), model('two'), model('broken')]);
    const { origin } = await agent();
    const router = new TestRouter('r1', origin);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'ready', 't~broken~1': 'failed' });
    expect(await ask(server.origin, 't~one~1')).toBe(1);
    expect(await ask(server.origin, 't~two~1')).toBe(2);
    // The reason is the server's own, which its REST answer does not give.
    expect(router.models.get('t~broken~1')?.reason).toMatch(/^STW6105: MLServer: /);
    await until('the pod is ready', async () => (await fetch(`${origin}/readyz`)).status === 200);

    mount([model('one'), model('three')]);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'leaving', 't~broken~1': 'gone', 't~three~1': 'ready' });
    expect(await ask(server.origin, 't~two~1')).toBe(2);
    await router.see(
      { 't~one~1': 'ready', 't~two~1': 'gone', 't~broken~1': 'gone', 't~three~1': 'ready' },
      { released: ['t~two~1'] },
    );
    await until('it is out of memory', async () => (await ask(server.origin, 't~two~1')) === 'HTTP 404');
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    expect(metrics).toContain('stowage_agent_models{state="ready",fleet="test",shard="s1"} 2');
  });

  it('holds up an unload until every router has let go', async () => {
    mount([model('one'), model('two')]);
    const { origin } = await agent();
    const [first, second] = [new TestRouter('r1', origin), new TestRouter('r2', origin)];
    await first.see({ 't~one~1': 'ready', 't~two~1': 'ready' });
    await second.see({ 't~one~1': 'ready', 't~two~1': 'ready' });
    mount([model('one')]);
    await first.see({ 't~one~1': 'ready', 't~two~1': 'leaving' });
    await second.see({ 't~one~1': 'ready', 't~two~1': 'leaving' });
    await first.sync({ released: ['t~two~1'] });
    await first.sync({ released: ['t~two~1'], waitMs: 1500 });
    expect(first.states()).toEqual({ 't~one~1': 'ready', 't~two~1': 'leaving' });
    expect(await ask(server.origin, 't~two~1')).toBe(2);
    await second.see({ 't~one~1': 'ready', 't~two~1': 'gone' }, { released: ['t~two~1'] });
  });

  it('changes the files of a model without a failed request, and keeps the old copy when the new one is broken', async () => {
    mount([model('one')]);
    const { origin } = await agent();
    const router = new TestRouter('r1', origin);
    await router.see({ 't~one~1': 'ready' });
    const answers = new Set<number | string>();
    let asking = true;
    const client = (async () => {
      while (asking) answers.add(await ask(server.origin, 't~one~1'));
    })();
    mount([model('one', { uri: `file://${artifacts}/two` })]);
    await until('the new files answer', async () => answers.has(2));
    mount([model('one', { uri: `file://${artifacts}/broken` })]);
    await until('the failure is told', async () => {
      await router.sync();
      return router.models.get('t~one~1')?.reason?.startsWith('STW6105') ?? false;
    });
    expect(router.states()).toEqual({ 't~one~1': 'ready' });
    asking = false;
    await client;
    expect([...answers].sort()).toEqual([1, 2]);
    expect(await ask(server.origin, 't~one~1')).toBe(2);
  });

  it('takes over what the server holds when it starts again', async () => {
    mount([model('one'), model('two')]);
    const before = await agent();
    await new TestRouter('r1', before.origin).see({ 't~one~1': 'ready', 't~two~1': 'ready' });
    await before.agent.stop();
    mount([model('one')]);
    const after = await agent();
    const router = new TestRouter('r1', after.origin);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'leaving' });
    expect(after.log.filter((line) => line.includes('"loaded"'))).toEqual([]);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'gone' }, { released: ['t~two~1'] });
  });

  it('loads everything again when the server has started anew', async () => {
    mount([model('one'), model('two')]);
    const { origin } = await agent();
    const router = new TestRouter('r1', origin);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'ready' });
    await stopProcess(server.process.child);
    await until('routers are told', async () => !(await router.sync()).serving);
    const { http, grpc, metrics, repository } = server.address;
    await startMlserver(repository, [http, grpc ?? 0, metrics ?? 0]);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'ready' });
    expect(await ask(server.origin, 't~two~1')).toBe(2);
  });

  it('refuses what does not fit and says why, and loads it when there is room', async () => {
    mount([model('one', { size: 60 * MiB, priority: 900 }), model('two', { size: 60 * MiB })], header(100 * MiB));
    const { origin } = await agent();
    const router = new TestRouter('r1', origin);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'failed' });
    expect(router.models.get('t~two~1')?.reason).toBe('no room: needs 60.0 MiB of memory, 40.0 MiB is free');
    mount([model('two', { size: 60 * MiB })], header(100 * MiB));
    await router.see({ 't~one~1': 'leaving', 't~two~1': 'waiting' });
    await router.see({ 't~one~1': 'gone', 't~two~1': 'ready' }, { released: ['t~one~1'] });
  });

  it('goes by a pushed table, refuses a broken one, and asks for the token', async () => {
    mount([model('one')]);
    const { origin } = await agent({ adminToken: 'secret' });
    expect((await fetch(`${origin}/v1/sync`, { method: 'POST', body: '{}' })).status).toBe(401);
    await agents.pop()?.agent.stop();
    const open = await agent();
    const router = new TestRouter('r1', open.origin);
    const broken = await router.sync({ table: { revision: 4, parts: { 'models-0.jsonl': '{}\n' } } });
    expect(broken.tableProblem).toMatch(/^STW4005/);
    const other = await router.sync({ table: { revision: 4, parts: partOf({ ...header(), shard: 's2' }, []) } });
    expect(other.tableProblem).toMatch(/^STW6107/);
    const pushed = await router.sync({ table: { revision: 5, parts: partOf(header(), [model('two')]) } });
    expect(pushed).toMatchObject({ tableRevision: 5, tableProblem: null });
    await router.sync({ table: { revision: 3, parts: partOf(header(), [model('three')]) } });
    mount([model('three')]);
    await router.see({ 't~one~1': 'gone', 't~two~1': 'ready' }, { released: ['t~one~1'] });
  });
});
