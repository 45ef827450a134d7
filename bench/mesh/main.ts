/**
 * What the mesh's routing costs and how fast it changes, on the real Envoy: `npm run bench:mesh [-- --models 100000]`.
 * Needs scripts/mesh-parts.sh. Figures are medians; CPU is Envoy's own, from /proc. Takes about two minutes.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { envoyBootstrap } from '../../src/mesh/xds/bootstrap';
import { type Command, modelName, podsOf, type Reply, shardAddress, shardOf } from './control';
import { type Load, load } from './load';
import { bareListener } from './shapes';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: '100000' },
    shards: { type: 'string', default: '1000' },
    copies: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '0.5' },
    envoy: { type: 'string' },
  },
});
const models = Number(values.models);
const shards = Number(values.shards);
const copies = Number(values.copies);
const rounds = Number(values.rounds);
const parts =
  process.env.STOWAGE_PARTS ?? join(process.env.XDG_CACHE_HOME ?? `${process.env.HOME}/.cache`, 'stowage-parts');
const binary = values.envoy ?? join(parts, 'envoy/bin/envoy');

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const rss = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

/** Nanoseconds that all threads of a process have run. */
function cpuOf(pid: number): number {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`))
    total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return total;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const child = (file: string): ChildProcess =>
  fork(join(__dirname, file), { execArgv: ['--require', 'tsx/cjs'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
const heard = <T>(from: ChildProcess): Promise<T> => new Promise((done) => from.once('message', (it) => done(it as T)));
const tell = (control: ChildProcess, command: Command): Promise<Reply> => {
  const reply = heard<Reply>(control);
  control.send(command);
  return reply;
};

/** The address that a model is answered from; null: not answered with 200. */
function whereIs(port: number, model: number): Promise<string | null> {
  return new Promise((done) => {
    const path = `/v2/models/${modelName(model)}/infer`;
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path, timeout: 2000 }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => done(response.statusCode === 200 ? (JSON.parse(body) as { at: string }).at : null));
    });
    sent.on('error', () => done(null));
    sent.on('timeout', () => sent.destroy());
    sent.end('{}');
  });
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const limit = Date.now() + 120_000;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`gave up waiting: ${what}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  const socketPath = join(dir, 'xds.sock');
  const [port, bare, admin] = [await freePort(), await freePort(), await freePort()];
  const running: ChildProcess[] = [];
  try {
    const upstream = child('upstream.ts');
    running.push(upstream);
    const upstreamPort = await heard<number>(upstream);
    const bootstrap = envoyBootstrap({
      socketPath,
      nodeId: 'bench',
      http: { address: '127.0.0.1', port },
      grpc: null,
      adminPort: admin,
    });
    writeFileSync(join(dir, 'envoy.json'), JSON.stringify(bareListener(bootstrap, bare, upstreamPort)));
    const startEnvoy = () => {
      const args = ['-c', join(dir, 'envoy.json'), '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
      const envoy = spawn(binary, args, { stdio: ['ignore', 'inherit', 'inherit'] });
      running.push(envoy);
      return envoy;
    };
    const live = (model: number, moved: number) => async () =>
      podsOf(shardOf(model, shards, moved), shards, copies)
        .map(shardAddress)
        .includes((await whereIs(port, model)) ?? '');
    const start = { type: 'start' as const, socketPath, models, shards, copies, port: upstreamPort, moved: 0 };

    // Envoy with one model: what it weighs by itself.
    let control = child('control.ts');
    running.push(control);
    const small = tell(control, { ...start, models: 1, shards: 1, copies: 1 });
    let envoy = startEnvoy();
    await small;
    const bareRss = rss(envoy.pid as number);
    envoy.kill('SIGKILL');
    control.kill('SIGKILL');
    await new Promise((done) => setTimeout(done, 300));

    // Both processes from nothing to the last model's answer.
    const began = performance.now();
    control = child('control.ts');
    running.push(control);
    envoy = startEnvoy();
    const pid = envoy.pid as number;
    const first = await tell(control, start);
    await until(live(models - 1, 0), 'the last model');
    const startMs = performance.now() - began;
    const envoyRss = rss(pid);
    const envoyMs = cpuOf(pid) / 1e6;

    const changes: number[] = [];
    for (let i = 0; i < 30; i++) {
      const at = performance.now();
      await tell(control, { type: 'move', from: i, count: 1 });
      await until(live(i, 1), 'one change');
      changes.push(performance.now() - at);
      await new Promise((done) => setTimeout(done, 50));
    }
    const many = Math.min(10_000, models - 30);
    const bulkAt = performance.now();
    await tell(control, { type: 'move', from: 30, count: many });
    await until(live(30 + many - 1, 1), 'the last of the bulk');
    const bulkMs = performance.now() - bulkAt;

    const idleFrom = cpuOf(pid);
    await new Promise((done) => setTimeout(done, 3000));
    const idle = (cpuOf(pid) - idleFrom) / 3e9;

    // CPU and time of a request, kinds in turn so that a noisy machine disturbs all alike.
    let seed = 1;
    const random = (limit: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % limit;
    };
    const named = (model: number) => `/v2/models/${modelName(model)}/infer`;
    // The same cluster as the model's own, at no cost of choosing it.
    const byHeader = (model: number) => ({
      path: named(model),
      headers: `x-cluster: s${shardOf(model, shards, model < 30 + many ? 1 : 0)}/http\r\n`,
    });
    const hot = Array.from({ length: 100 }, () => random(models));
    const kinds = [
      { name: 'bare route', port: bare, next: () => ({ path: named(1) }) },
      { name: 'the clusters named by a header', port: bare, next: () => byHeader(random(models)) },
      { name: `${models} models at random`, port, next: () => ({ path: named(random(models)) }) },
      { name: '100 hot, named by a header', port: bare, next: () => byHeader(hot[random(100)] as number) },
      { name: '100 hot models', port, next: () => ({ path: named(hot[random(100)] as number) }) },
      { name: 'one model', port, next: () => ({ path: named(1) }) },
    ].map((kind) => ({ ...kind, cpu: [] as number[], p50: [] as number[], failures: 0 }));
    for (let round = 0; round <= rounds; round++) {
      for (const kind of kinds) {
        const before = cpuOf(pid);
        // The first round warms connections and caches.
        const seconds = round === 0 ? 4 : Number(values.seconds);
        const { requests, p50, failures } = await load(kind.port, 4, seconds * 1000, kind.next);
        kind.failures += failures;
        if (round === 0) continue;
        kind.cpu.push((cpuOf(pid) - before) / requests / 1000);
        kind.p50.push(p50);
      }
    }

    // The control plane dies and comes back, knowing of moves that Envoy has not heard of; load goes on.
    let back = false;
    const during: Promise<Load> = load(
      port,
      2,
      60_000,
      () => ({ path: named(random(models)) }),
      () => back,
    );
    control.kill('SIGKILL');
    await new Promise((done) => setTimeout(done, 500));
    const returned = performance.now();
    control = child('control.ts');
    running.push(control);
    await tell(control, { ...start, moved: 30 });
    const resyncMs = performance.now() - returned;
    await until(live(0, 1), 'a model after the restart');
    back = true;
    const survived = await during;

    const rows: [string, string][] = [
      ['machine', `${cpus().length} x ${cpus()[0]?.model ?? ''}, Node ${process.version}`],
      ['start of both processes to the last model live', `${Math.round(startMs)} ms`],
      ['  of that, CPU of the server, of Envoy', `${Math.round(first.cpuMs)} ms, ${Math.round(envoyMs)} ms`],
      ['one change to live, p50 (max) of 30', `${median(changes).toFixed(1)} ms (${Math.max(...changes).toFixed(0)})`],
      [`${many} changes at once to live`, `${Math.round(bulkMs)} ms`],
      ['server killed, back and in sync', `${Math.round(resyncMs)} ms`],
      ['  requests meanwhile, failed', `${survived.requests}, ${survived.failures}`],
      ['Envoy without requests, of one core', `${(idle * 100).toFixed(1)} %`],
      ['Envoy with one model', megabytes(bareRss)],
      [`Envoy with ${models} models on ${shards} sets of ${copies} pods`, megabytes(envoyRss)],
      ['  after the load', megabytes(rss(pid))],
      ['xDS server', megabytes(first.rssBytes)],
    ];
    const base = kinds[0];
    for (const { name, cpu, p50, failures } of kinds) {
      const ratio = median(cpu.map((one, round) => one / (base?.cpu[round] ?? NaN)));
      const slower = median(p50.map((one, round) => one / (base?.p50[round] ?? NaN)));
      const cost = `${median(cpu).toFixed(1)} us = ${ratio.toFixed(2)}`;
      rows.push([
        `CPU a request, ${name}`,
        `${cost}; p50 ${median(p50).toFixed(2)} ms = ${slower.toFixed(2)}; ${failures} failed`,
      ]);
    }
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
  } finally {
    for (const one of running) one.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
