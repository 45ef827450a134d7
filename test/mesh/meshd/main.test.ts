import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FleetDirectory } from './fleet-directory';

const program = join(__dirname, '../../../src/mesh/main.ts');
let child: ChildProcess | null = null;
let fleet: FleetDirectory | null = null;

afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await fleet?.close();
  child = null;
  fleet = null;
});

function meshd(env: Record<string, string>): { ended: Promise<number | null>; log: () => string } {
  const { PATH = '' } = process.env;
  const started = spawn(process.execPath, ['--require', 'tsx/cjs', program], { env: { PATH, ...env } });
  child = started;
  let text = '';
  started.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { ended: new Promise((resolve) => started.once('exit', resolve)), log: () => text };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

describe('the meshd program', () => {
  it('names every setting that is wrong, without a stack', async () => {
    const { ended, log } = meshd({ STOWAGE_MESHD_PORT: 'x', STOWAGE_AUTHENTICATION: 'maybe' });
    expect(await ended).toBe(1);
    const lines = log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; message: string });
    expect(lines.map(({ message }) => message.replace(/^STW6001: | is .*/g, '')).sort()).toEqual([
      'KUBERNETES_SERVICE_HOST',
      'STOWAGE_AUTHENTICATION',
      'STOWAGE_FLEET',
      'STOWAGE_MESHD_PORT',
      'STOWAGE_NAMESPACE',
    ]);
    expect(log()).not.toContain('    at ');
  });

  it('serves a directory, and ends in good order when told to', async () => {
    fleet = new FleetDirectory();
    fleet.writeTable('s1', ['default/a@1']);
    await fleet.addPod('s1-0', 's1');
    const port = await freePort();
    const { ended, log } = meshd({
      STOWAGE_FLEET: 'shop',
      STOWAGE_DIRECTORY: fleet.path,
      STOWAGE_XDS_SOCKET: join(fleet.path, 'xds.sock'),
      STOWAGE_LISTEN_HOST: '127.0.0.1',
      STOWAGE_MESHD_PORT: String(port),
    });
    // Its agent is heard; without an Envoy the model may never be called up.
    const up = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/state`).catch(() => null);
      return answer !== null && (await answer.text()).includes('"state":"ready"');
    };
    for (let i = 0; !(await up()); i++) {
      if (i > 300) throw new Error(`not up: ${log()}`);
      await sleep(50);
    }
    // No Envoy has taken its routes.
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);
    child?.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(log()).toContain('meshd ends; Envoy keeps its routes');
  });
});
