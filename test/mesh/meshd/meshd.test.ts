import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultControlOptions } from '../../../src/mesh/control/options';
import { Meshd } from '../../../src/mesh/meshd';
import { meshdApi } from '../../../src/mesh/meshd-api';
import type { RouteSink, RouteState } from '../../../src/mesh/route-state';
import { DirectorySource } from '../../../src/mesh/source/directory-source';
import type { MeshState } from '../../../src/protocol/mesh-state';
import { servedOf } from '../control/tables';
import { FleetDirectory } from './fleet-directory';

/** Keeps what it is given; refuses while told to. */
class Sink implements RouteSink {
  readonly states: RouteState[] = [];
  refusal: string | null = null;

  async apply(state: RouteState): Promise<void> {
    await sleep(5);
    if (this.refusal !== null) throw new Error(this.refusal);
    this.states.push(state);
  }

  /** Where a name leads: "group: pods". */
  where(name: string): string | undefined {
    const state = this.states.at(-1);
    const route = state?.routes.find((one) => one.name === name);
    const group = state?.shards.find(({ shard }) => shard === route?.shard);
    return route && `${route.served} ${route.shard}: ${group?.pods.map(({ pod }) => pod).join(' ')}`;
  }
}

let fleet: FleetDirectory;
let sink: Sink;
let meshd: Meshd | null;
let api: Server;
let base: string;

beforeEach(() => {
  fleet = new FleetDirectory();
  sink = new Sink();
  meshd = null;
});
afterEach(async () => {
  api?.close();
  api?.closeAllConnections();
  await meshd?.stop();
  await fleet.close();
});

async function start(): Promise<void> {
  meshd = new Meshd({
    fleet: 'shop',
    router: `router-${Math.floor(performance.now())}`,
    source: new DirectorySource(fleet.path, { rescanMs: 200 }),
    sink,
    control: { ...defaultControlOptions, drainMs: 200, removalMs: 500, startPatienceMs: 2_000 },
    log: () => undefined,
    ...{
      batchMs: 20,
      firstBatchMs: 1,
      tickMs: 50,
      agents: { waitMs: 500, lostMs: 600, firstRetryMs: 20, lastRetryMs: 100 },
    },
  });
  api = meshdApi({ meshd, envoyAdminPort: null, routerDrainMs: 10, log: () => undefined });
  await new Promise<void>((done) => api.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(api.address() as { port: number }).port}`;
  meshd.start();
}

async function until(fact: () => boolean): Promise<void> {
  for (let i = 0; !fact(); i++) {
    if (i > 1500)
      throw new Error(`not so in 15 s: ${fact}\n${JSON.stringify(meshd?.state({ shard: null, models: 'all' }))}`);
    await sleep(10);
  }
}

async function state(query = ''): Promise<MeshState> {
  return (await (await fetch(`${base}/v1/state${query}`)).json()) as MeshState;
}

async function twoShards(): Promise<void> {
  fleet.writeTable('s1', ['default/a@1', 'default/b@1']);
  fleet.writeTable('s2', ['t/c@1']);
  for (const shard of ['s1', 's2']) for (const i of [0, 1]) await fleet.addPod(`${shard}-${i}`, shard);
  await start();
  await until(() => sink.where('a') === 'default~a~1 s1: s1-0 s1-1' && sink.where('t~c') === 't~c~1 s2: s2-0 s2-1');
}

describe('meshd', () => {
  it('serves a fleet: tables to agents, routes to Envoy, and says what is', async () => {
    await twoShards();
    expect((await fetch(`${base}/livez`)).status).toBe(200);
    await until(() => meshd?.ready === true);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    await until(() => meshd?.state({ shard: null, models: 'none' }).models.up === 3);
    const now = await state();
    expect(now).toMatchObject({ fleet: 'shop', ready: true, source: { synced: true, problem: null } });
    expect(now.shards.map(({ shard, pods, models }) => [shard, pods.length, models?.length])).toEqual([
      ['s1', 2, 2],
      ['s2', 2, 1],
    ]);
    expect(now.shards[0]?.pods[0]).toMatchObject({ agent: 'heard', member: true, table: 'current', memoryBytes: 1800 });
    expect((await state('?shard=s2&models=problems')).shards).toMatchObject([{ shard: 's2', models: [] }]);
    expect((await fetch(`${base}/v1/state?models=some`)).status).toBe(400);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('stowage_mesh_models{state="up",fleet="shop"} 3');
    expect(metrics).toContain('stowage_mesh_shard_members{shard="s1",fleet="shop"} 2');
    expect(metrics).toContain('stowage_mesh_pushes_total{result="acknowledged",fleet="shop"}');
    expect((await fetch(`${base}/nothing`)).status).toBe(404);
    expect((await fetch(`${base}/v1/state`, { method: 'POST' })).status).toBe(405);
  });

  it('moves a model without a moment in which it has no route, then lets the old place go', async () => {
    await twoShards();
    const from = sink.states.length;
    fleet.writeTable('s1', ['default/b@1']);
    await sleep(100);
    fleet.writeTable('s2', ['default/a@1', 't/c@1']);
    await until(() => sink.where('a') === 'default~a~1 s2: s2-0 s2-1');
    const gone = () =>
      [...fleet.agents.values()].every(
        ({ shard, agent }) => shard !== 's1' || agent.models.get(servedOf('default/a@1'))?.state === 'gone',
      );
    await until(gone);
    for (const { routes, shards } of sink.states.slice(from)) {
      const route = routes.find(({ name }) => name === 'a');
      expect(shards.find(({ shard }) => shard === route?.shard)?.pods.length).toBe(2);
    }
  });

  it('takes a new version up when it is loaded, and a deleted model out', async () => {
    await twoShards();
    for (const { shard, loads } of fleet.agents.values()) if (shard === 's1') expect(loads).toBe(true);
    for (const agent of fleet.agents.values()) agent.loads = false;
    fleet.writeTable('s1', ['default/a@1', 'default/a@10', 'default/b@1']);
    await until(() => sink.where('default~a~10')?.includes('@none') === true);
    expect(sink.where('a')).toBe('default~a~1 s1: s1-0 s1-1');
    for (const agent of fleet.agents.values()) agent.loads = true;
    await until(() => sink.where('a') === 'default~a~10 s1: s1-0 s1-1');
    fleet.writeTable('s1', ['default/a@10']);
    await until(() => sink.where('b') === undefined);
  });

  it('takes over from a meshd that was killed, without a lesser route', async () => {
    await twoShards();
    const before = sink.states.at(-1);
    await meshd?.stop();
    api.close();
    sink = new Sink();
    await start();
    await until(() => sink.states.length > 0);
    expect(sink.states[0]).toEqual(before);
  });

  it('does without a lost pod, and takes it back', async () => {
    await twoShards();
    const agent = fleet.agents.get('s1-0');
    if (agent === undefined) throw new Error('no such pod');
    agent.hangs = true;
    await until(() => sink.where('a') === 'default~a~1 s1: s1-1');
    expect((await state()).shards[0]?.pods[0]).toMatchObject({ pod: 's1-0', agent: 'lost', member: false });
    agent.hangs = false;
    await until(() => sink.where('a') === 'default~a~1 s1: s1-0 s1-1');
    await fleet.removePod('s1-0');
    await until(() => sink.where('a') === 'default~a~1 s1: s1-1');
  });

  it('tries again what Envoy refused, and says so meanwhile', async () => {
    await twoShards();
    sink.refusal = 'bad cluster';
    fleet.writeTable('s1', ['default/a@1', 'default/b@1', 'default/d@1']);
    await until(() => meshd?.state({ shard: null, models: 'none' }).routes.refused === 'bad cluster');
    sink.refusal = null;
    await until(() => sink.where('d') === 'default~d~1 s1: s1-0 s1-1');
    await until(() => meshd?.state({ shard: null, models: 'none' }).routes.refused === null);
  });

  it('is not ready any more once it is about to end', async () => {
    await twoShards();
    const drained = await Promise.all([fetch(`${base}/drain`), fetch(`${base}/drain`)]);
    expect(drained.map(({ status }) => status)).toEqual([200, 200]);
    expect((await fetch(`${base}/readyz`)).status).toBe(503);
  });

  it('makes Envoy ready again where only a container was restarted', async () => {
    const told: string[] = [];
    const admin = createServer((asked, response) => {
      told.push(`${asked.method} ${asked.url}`);
      response.end();
    });
    await new Promise<void>((done) => admin.listen(0, '127.0.0.1', done));
    const envoyAdminPort = (admin.address() as { port: number }).port;
    await start();
    api.close();
    const options = { envoyAdminPort, routerDrainMs: 10, graceMs: 100, log: () => undefined };
    api = meshdApi({ ...options, meshd: meshd as Meshd });
    await until(() => told.length === 1);
    await new Promise<void>((done) => api.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(api.address() as { port: number }).port}`;
    await fetch(`${base}/drain`);
    await until(() => told.length === 3);
    await fetch(`${base}/drain`);
    await until(() => told.length === 5);
    expect(told.map((asked) => asked.replace('POST /healthcheck/', ''))).toEqual(['ok', 'fail', 'ok', 'fail', 'ok']);
    admin.closeAllConnections();
    admin.close();
  });

  it.each([
    [true, 'tells agents that it leaves after it was drained'],
    [false, 'does not where its Envoy goes on'],
  ])('at its end (drained: %s) %s', async (drained) => {
    await twoShards();
    if (drained) await fetch(`${base}/drain`);
    await meshd?.stop();
    const last = [...fleet.agents.values()].map(({ requests }) => requests.at(-1)?.leaves ?? false);
    expect(new Set(last)).toEqual(new Set([drained]));
  });
});
