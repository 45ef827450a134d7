import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type EnvoyBootstrapOptions, envoyBootstrap } from '../../../src/mesh/xds/bootstrap';

const script = resolve(__dirname, '../../../scripts/mesh-parts.sh');

/** Path of the real Envoy, or why there is none (then tests skip with that reason). */
export function findEnvoy():
  | { readonly path: string; readonly missing: null }
  | { readonly path: null; missing: string } {
  const ran = spawnSync('bash', [script, 'envoy'], { encoding: 'utf8', timeout: 300_000 });
  const path = join(ran.stdout.trim().split('\n').at(-1) ?? '', 'envoy/bin/envoy');
  if (ran.status === 0 && existsSync(path)) return { path, missing: null };
  return { path: null, missing: `no Envoy: ${ran.stderr.trim().split('\n').at(-1) ?? 'scripts/mesh-parts.sh failed'}` };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

export interface RunningEnvoy {
  readonly http: number;
  readonly grpc: number;
  readonly admin: number;
  readonly pid: number;
  readonly socketPath: string;
  /** What Envoy has written so far. */
  log(): string;
  /** Resolves when the listeners take requests. */
  live(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Envoy on free loopback ports with our bootstrap; `socketPath` is where its control plane is to be. */
export async function startEnvoy(
  binary: string,
  options: Partial<EnvoyBootstrapOptions> = {},
  change: (bootstrap: object) => object = (bootstrap) => bootstrap,
): Promise<RunningEnvoy> {
  const dir = mkdtempSync(join(tmpdir(), 'stowage-envoy-'));
  const socketPath = options.socketPath ?? join(dir, 'xds.sock');
  const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()];
  const bootstrap = envoyBootstrap({
    nodeId: 'test',
    http: { address: '127.0.0.1', port: http },
    grpc: { address: '127.0.0.1', port: grpc },
    adminPort: admin,
    ...options,
    socketPath,
  });
  const config = join(dir, 'envoy.json');
  writeFileSync(config, JSON.stringify(change(bootstrap)));
  const args = ['-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'warning'];
  const child: ChildProcess = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // It outlives its parent otherwise, when a test ends without stop().
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-200_000);
    });
  let ended = false;
  const end = new Promise<void>((done) =>
    child.once('exit', () => {
      ended = true;
      done();
    }),
  );
  return {
    http,
    grpc,
    admin,
    pid: child.pid ?? 0,
    socketPath,
    log: () => log,
    live: async () => {
      const limit = Date.now() + 60_000;
      for (;;) {
        if (ended) throw new Error(`Envoy ended:\n${log}`);
        const up = await getStatus(http, '/v2/health/live').catch(() => 0);
        if (up === 200) return;
        if (Date.now() > limit) throw new Error(`Envoy is not live:\n${log}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    stop: async () => {
      if (!ended) kill();
      await end;
      process.removeListener('exit', kill);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function getStatus(port: number, path: string): Promise<number> {
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port, path, timeout: 2000 }, (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode ?? 0));
    });
    sent.on('error', fail);
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.end();
  });
}
