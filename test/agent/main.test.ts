import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestRouter } from './support/agents';
import { freePorts, start, stopAll, until } from './support/parts';
import { entry, headerOf, partOf } from './support/tables';

const program = ['--require', 'tsx/cjs', resolve(__dirname, '../../src/agent/main.ts')];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stowage-agent-main-'));
});
afterEach(async () => {
  await stopAll();
  rmSync(root, { recursive: true, force: true });
});

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const started = start(process.execPath, [...program, ...args], env);
  const ended = new Promise<number | null>((done) => started.child.once('exit', (code) => done(code)));
  return { ...started, ended };
}

it('brings the base model before the server starts, once', async () => {
  mkdirSync(join(root, 'source'));
  writeFileSync(join(root, 'source', 'config.json'), '{}');
  const target = join(root, 'models', '.base', 'llama');
  const env = { STOWAGE_BASE_MODEL: target, STOWAGE_BASE_URI: `file://${root}/source`, STOWAGE_BASE_NAME: 'llama' };
  expect(await run(['fetch-base'], env).ended).toBe(0);
  expect(readFileSync(join(target, 'config.json'), 'utf8')).toBe('{}');
  rmSync(join(root, 'source'), { recursive: true });
  expect(await run(['fetch-base'], env).ended).toBe(0);
});

it('says what is missing in its settings', async () => {
  const { ended, output } = run([], { STOWAGE_FLEET: '' });
  expect(await ended).toBe(1);
  expect(output()).toContain('STW6106: STOWAGE_FLEET is not set');
  expect(output()).not.toContain('    at ');
});

it('waits at SIGTERM until routers have let go, then ends', async () => {
  const [agent = 0, proxy = 0, http = 0, grpc = 0] = await freePorts(4);
  mkdirSync(join(root, 'table'));
  for (const [file, text] of Object.entries(partOf(headerOf(100), [entry({ name: 'a' })]))) {
    writeFileSync(join(root, 'table', file), text);
  }
  const { child, ended, output } = run([], {
    STOWAGE_FLEET: 'test',
    STOWAGE_SHARD: 's1',
    STOWAGE_POD: 'p1',
    STOWAGE_MODEL_TABLE: join(root, 'table'),
    STOWAGE_REPOSITORY: join(root, 'models'),
    STOWAGE_LISTEN_HOST: '127.0.0.1',
    STOWAGE_AGENT_PORT: String(agent),
    STOWAGE_PROXY_PORT: String(proxy),
    STOWAGE_SERVER_HTTP_PORT: String(http),
    STOWAGE_SERVER_GRPC_PORT: String(grpc),
  });
  const origin = `http://127.0.0.1:${agent}`;
  await until('the agent is up', async () => (await fetch(`${origin}/livez`)).status === 200);
  // Nobody serves: the agent lives, and the pod is not ready.
  expect((await fetch(`${origin}/readyz`)).status).toBe(503);
  const router = new TestRouter('r1', origin);
  expect(await router.sync({ routed: true })).toMatchObject({ pod: 'p1', shard: 's1', serving: false });
  expect(router.states()).toEqual({ 't~a~1': 'loading' });
  const other = new TestRouter('r2', origin);
  await other.sync({ routed: true, waitMs: 0 });
  child.kill('SIGTERM');
  await until('it drains', async () => output().includes('"draining"'));
  await router.sync({ routed: true, waitMs: 0 });
  await new Promise((done) => setTimeout(done, 500));
  expect(child.exitCode).toBeNull();
  await router.sync({ routed: false, waitMs: 0 });
  await new Promise((done) => setTimeout(done, 500));
  expect(child.exitCode).toBeNull();
  await other.sync({ leaves: true });
  expect(await ended).toBe(0);
});
