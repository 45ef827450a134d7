import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultPartsDirectory } from '../../../src/local/parts';
import type { PlannedFleet } from '../../../src/project/plan-fleet';
import { isAlive } from '../../local/support';
import { grpcClient, type InferClient, restClient } from '../../mesh/e2e/infer-clients';
import { NoBed, root } from '../bed';
import { eventually, must } from '../commands';
import type { RunningContainer } from '../node-agent/node-agent';
import { killApiServer } from './api-server';
import { type Heard, SteadyLoad } from './load';
import { MeshBed } from './mesh-bed';
import { layout, size } from './size';

const minutes = 60_000;
vi.setConfig({ testTimeout: 10 * minutes, hookTimeout: 5 * minutes });

const parts = defaultPartsDirectory();
const python = (part: string): string => join(parts, part, 'bin/python');
const lackingParts = ['envoy/bin/envoy', 'mlserver/bin/mlserver'].filter((path) => !existsSync(join(parts, path)));

/**
 * The whole of it on real parts: what `stowage synth` writes, applied by kubectl, scheduled by the real scheduler, run
 * by the node agent of the bed; asked by clients that others wrote, and under load while parts move, restart and die.
 */
describe('a fleet on a cluster', () => {
  let mesh: MeshBed;
  let planned: PlannedFleet;
  let load: SteadyLoad;
  const clients = new Map<string, InferClient>();
  const told: string[] = [];
  let lacking = lackingParts.length === 0 ? '' : `not installed: ${lackingParts.join(', ')} (scripts/mesh-parts.sh)`;

  beforeAll(async () => {
    if (lacking !== '') return;
    try {
      mesh = await MeshBed.start(size);
    } catch (error) {
      if (!(error instanceof NoBed)) throw error;
      lacking = error.message;
      console.warn(`skipped: ${lacking}`);
      return;
    }
    planned = mesh.planned;
    expect(planned.plan.summary.shardPods).toBe(size.shards * size.replicas);
    expect(planned.plan.summary.shards).toBe(layout === 'equal' ? size.shards : size.shards * size.replicas);
    await mesh.bed.createRestrictedNamespace(mesh.namespace);
    const began = performance.now();
    await mesh.apply();
    await mesh.settled(planned, 3 * minutes);
    tell(
      `from apply to ${size.models} models on ${planned.plan.summary.shardPods} pods, live on ${size.routers} routers: ${seconds(began)} s`,
    );
    for (const [i, { http, grpc }] of mesh.routers.entries()) {
      clients.set(`REST by router ${i}`, restClient(`http://${http}`));
      clients.set(`gRPC by router ${i}`, grpcClient(grpc));
    }
    load = new SteadyLoad(clients, mesh.fleet.names, size.everyMs);
  }, 60 * minutes);

  afterAll(async () => {
    await load?.stop();
    for (const client of clients.values()) client.close();
    const pids = mesh?.pids ?? [];
    await mesh?.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    if (told.length > 0) console.info(told.join('\n'));
  }, 2 * minutes);

  beforeEach((context) => context.skip(lacking !== '', lacking));

  const tell = (text: string): void => void told.push(text);

  /** What became of the requests meanwhile; all is as planned at the end, models that left their pods included. */
  async function under(what: string, work: () => Promise<unknown>, released = true): Promise<Heard> {
    load.take();
    const began = performance.now();
    await work();
    await mesh.settled(planned, 2 * minutes, released);
    // What was lost is noticed.
    await sleep(1_000);
    const result = load.take();
    tell(`${what}: ${result.requests} requests, ${result.failures.length} failed, ${seconds(began)} s`);
    for (const { text } of result.failures.slice(0, 20)) tell(`  ${text}`);
    return result;
  }

  /** Ends a container's process without notice, and waits until it is ready again. */
  async function kill(container: RunningContainer | undefined): Promise<void> {
    if (container === undefined) throw new Error('there is no such container');
    const { run } = container;
    const before = run.restarts;
    process.kill(run.pid ?? 0, 'SIGKILL');
    await eventually(2 * minutes, async () => {
      if (run.restarts === before || !run.isReady) throw new Error(`${container.pod}/${run.name} is not ready again`);
    });
  }

  const ask = async (part: string, script: string, number: number): Promise<Record<string, unknown[]>> => {
    const { http, grpc } = mesh.routers[number % mesh.routers.length] ?? { http: '', grpc: '' };
    return JSON.parse(await must(python(part), [script, http, grpc, String(number), ...mesh.fleet.names]));
  };
  const answersTo = (number: number) => mesh.fleet.names.map((_, i) => expect.closeTo(number + i, 6));
  const withPart = (part: string) => test.skipIf(lackingParts.length === 0 && !existsSync(python(part)));

  test('pods run where the scheduler put them, and are ready in the eyes of the API server', async () => {
    await mesh.kubectl('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=60s');
    for (const { id } of planned.plan.shards) {
      await mesh.kubectl('rollout', 'status', `deployment/${mesh.planned.fleet.name}-${id}`, '--timeout=60s');
    }
  });

  withPart('clients')("Triton's clients get an answer of every model, by REST and gRPC", async () => {
    const answers = await ask('clients', join(root, 'test/mesh/e2e/ask-all.py'), 1000);
    expect(answers).toEqual({
      rest: answersTo(1000),
      grpc: answersTo(1000),
      unknown: ['404', 'StatusCode.NOT_FOUND'],
    });
  });

  withPart('kserve')("KServe's clients and one generated from OpenAPI do, too", async () => {
    const answers = await ask('kserve', join(__dirname, 'ask-kserve.py'), 1001);
    const right = answersTo(1001);
    expect(answers).toEqual({ rest: right, grpc: right, openapi: right, unknown: ['404', 'NOT_FOUND'] });
  });

  test('models move between shards without a failed request', async () => {
    const result = await under(`${size.rounds * size.movesPerRound} moves`, async () => {
      for (let round = 0; round < size.rounds; round++) {
        planned = mesh.fleet.move(size.movesPerRound, round + 1);
        await mesh.apply();
      }
    });
    expect(result.failures).toEqual([]);
  });

  test('every shard is rolled without a failed request', async () => {
    const before = mesh.pids;
    const result = await under(`rolling restart of ${planned.plan.shards.length} shards at once`, async () => {
      const deployments = planned.plan.shards.map(({ id }) => `deployment/${planned.fleet.name}-${id}`);
      await mesh.kubectl('rollout', 'restart', ...deployments);
      for (const deployment of deployments) await mesh.kubectl('rollout', 'status', deployment, '--timeout=300s');
    });
    expect(result.failures).toEqual([]);
    const shared = mesh.pids.filter((pid) => before.includes(pid));
    // Envoy and meshd of each router.
    expect(shared).toHaveLength(2 * size.routers);
  });

  test('meshd dies and comes back without a failed request; what was applied meanwhile is caught up', async () => {
    const work = async () => {
      const again = kill(mesh.containers('meshd', null)[0]);
      planned = mesh.fleet.move(2, 101);
      await mesh.apply();
      await again;
    };
    // Agents wait half a minute for the meshd that was killed, before they let go what moved: the tests after this see to it.
    const result = await under('meshd killed', work, false);
    expect(result.failures).toEqual([]);
  });

  test('an agent dies and comes back without a failed request', async () => {
    const shard = planned.plan.shards[0]?.id ?? '';
    const result = await under('agent killed', () => kill(mesh.containers('agent', shard)[0]), false);
    expect(result.failures).toEqual([]);
  });

  test('a model server dies, and with it the requests that it held at most', async () => {
    const shard = planned.plan.shards.at(-1)?.id ?? '';
    const [server] = mesh.containers('server', shard);
    let held = 0;
    const work = async () => {
      held = load.held;
      await kill(server);
    };
    const result = await under('model server killed', work, false);
    const gone = server?.run.endedAt ?? 0;
    const late = result.failures.filter(({ began }) => began > gone);
    tell(`  ${held} requests were under way as it was told to end; ${late.length} of the failed came after its end`);
    // A request may be on its way as its connection breaks: one a router.
    expect(late.length).toBeLessThanOrEqual(size.routers);
  });

  test('the API server goes away and comes back without a failed request', async () => {
    const result = await under(`API server away for ${size.apiAwaySeconds} s`, async () => {
      const startAgain = killApiServer(mesh.bed.kubeconfig);
      await sleep(size.apiAwaySeconds * 1000);
      startAgain();
      await eventually(2 * minutes, () => mesh.bed.kubectl(['get', '--raw', '/readyz']));
      planned = mesh.fleet.move(2, 102);
      await mesh.apply();
    });
    expect(result.failures).toEqual([]);
  });
});

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
