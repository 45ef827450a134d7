import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { memoryReader } from '../../src/agent/server-memory';
import { freePorts, start, stopAll, stopProcess, until } from './support/parts';

const MiB = 2 ** 20;
afterEach(stopAll);

/** A process that listens and holds so much memory. */
function listener(host: string, port: number, bytes: number) {
  const script = `
    globalThis.held = Buffer.alloc(${bytes}, 1);
    require('node:http').createServer((_, response) => response.end()).listen(${port}, '${host}');
  `;
  return start(process.execPath, ['-e', script]).child;
}

const up = (host: string, port: number) =>
  until('it listens', async () => (await fetch(`http://${host}:${port}`)).status === 200);
const reader = (host: string, http: number) =>
  memoryReader({ host, http, grpc: null, metrics: null, repository: '/', adminToken: null }, null);

it("finds the server's process by where it listens, and again after it was started anew", async () => {
  const [port = 0] = await freePorts(1);
  const [small, large] = [listener('127.0.0.1', port, MiB), listener('127.0.0.2', port, 300 * MiB)];
  await Promise.all([up('127.0.0.1', port), up('127.0.0.2', port)]);
  const read = reader('127.0.0.2', port);
  const resident = (pid: number | undefined) =>
    1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  expect(Math.abs(((await read()) ?? 0) - resident(large.pid))).toBeLessThan(30 * MiB);
  expect(await reader('127.0.0.1', port)()).toBeLessThan(200 * MiB);
  await stopProcess(large);
  expect(await read()).toBe(null);
  await stopProcess(small);
  listener('127.0.0.2', port, 200 * MiB);
  await up('127.0.0.2', port);
  await until('it is found', async () => ((await read()) ?? 0) > 200 * MiB);
});

it('knows nothing where nobody listens', async () => {
  const [port = 0] = await freePorts(1);
  expect(await reader('127.0.0.1', port)()).toBe(null);
});
