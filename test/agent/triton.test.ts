import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelTableEntry } from '../../src/render/model-table';
import { startAgent, type TestAgent, TestRouter } from './support/agents';
import { ask, type RunningServer } from './support/mlserver';
import { missingPart, stopAll, until } from './support/parts';
import { entry, headerOf, partOf } from './support/tables';
import { pythonModel, startTriton } from './support/triton';

const missing = missingPart('triton');

describe.skipIf(missing !== null)(`the agent beside Triton${missing === null ? '' : ` (${missing})`}`, () => {
  let root: string;
  let server: RunningServer;
  let started: TestAgent;
  let router: TestRouter;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'stowage-triton-'));
    pythonModel(join(root, 'one'), 1);
    pythonModel(join(root, 'broken'), -1);
    // A repository folder as Triton's users have it, under another name.
    pythonModel(join(root, 'two', '1'), 2);
    writeFileSync(
      join(root, 'two', 'config.pbtxt'),
      `# name: "comment"
backend: "python"
name : "made-elsewhere" max_batch_size: 0
input [ { name: "x" data_type: TYPE_FP64 dims: [ -1, 1 ] } ]
output [ { name: "y" data_type: TYPE_FP64 dims: [ -1, 1 ] } ]
`,
    );
    server = await startTriton(join(root, 'models'), 'secret');
    mkdirSync(join(root, 'table'));
    mount(['one', 'two', 'broken']);
    started = await startAgent(server.address, join(root, 'table'), { adminToken: 'secret', probeSeconds: 1 });
    router = new TestRouter('r1', started.origin, 'secret');
  });
  afterAll(async () => {
    await started?.agent.stop();
    await stopAll();
    rmSync(root, { recursive: true, force: true });
  });

  const model = (name: string): ModelTableEntry => entry({ name, format: 'python', uri: `file://${root}/${name}` });

  function mount(names: readonly string[]): void {
    const head = headerOf(2 ** 30, { name: 'triton', adapter: 'triton', layout: 'model-version-directories' });
    for (const [file, text] of Object.entries(partOf(head, names.map(model)))) {
      writeFileSync(join(root, 'table', 'new'), text);
      renameSync(join(root, 'table', 'new'), join(root, 'table', file));
    }
  }

  it('loads models with and without a configuration of their own, and shows why one fails', async () => {
    await router.see({ 't~one~1': 'ready', 't~two~1': 'ready', 't~broken~1': 'failed' });
    expect(await ask(server.origin, 't~one~1')).toBe(1);
    expect(await ask(server.origin, 't~two~1')).toBe(2);
    // A Python model is a process of its own, below the server's.
    for (const served of ['t~one~1', 't~two~1']) {
      expect(router.models.get(served)?.memoryBytes).toBeGreaterThan(2 ** 20);
      expect(router.models.get(served)?.memoryBytes).toBeLessThan(2 ** 28);
    }
    expect(router.models.get('t~broken~1')?.reason).toContain('a model that is broken on purpose');
    expect((await fetch(`${started.origin}/readyz`)).status).toBe(200);
    // The repository stays closed to everybody else.
    const index = await fetch(`${server.origin}/v2/repository/index`, { method: 'POST', body: '{}' });
    expect(index.status).toBe(403);
  });

  it('finds a model whose process has died behind a ready server, and cures it', async () => {
    await fetch(`${server.origin}/v2/models/t~two~1/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [{ name: 'x', shape: [1, 1], datatype: 'FP64', data: [-1] }] }),
    });
    expect(await ask(server.origin, 't~two~1')).toBe('HTTP 500');
    await until('it answers again', async () => (await ask(server.origin, 't~two~1')) === 2, 90_000);
    expect(started.log.filter((line) => line.includes('"loaded"') && line.includes('t/one@1'))).toHaveLength(1);
  }, 120_000);

  it('unloads what left the table, and is sure of it', async () => {
    mount(['one']);
    await router.see({ 't~one~1': 'ready', 't~two~1': 'gone', 't~broken~1': 'gone' }, { released: ['t~two~1'] });
    await until('it is unloaded', async () => started.log.some((line) => line.includes('"unloaded"')));
    expect(await ask(server.origin, 't~two~1')).toMatch(/^HTTP 4/);
    expect(await ask(server.origin, 't~one~1')).toBe(1);
  });
});
