import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShardEndpoints } from '../../../src/mesh/route-state';
import { createXdsServer, type XdsEvent } from '../../../src/mesh/xds/server';
import { ask, grpcClient, naming, route, stateOf } from './asking';
import { type EchoPod, startEchoPod } from './echo-pod';
import { findEnvoy, freePort, type RunningEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Asks without a break, by REST and gRPC, until stopped; says what failed. */
function steadyLoad(router: RunningEnvoy, models: readonly string[]) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const grpc = grpcClient(router.grpc);
  let running = true;
  let asked = 0;
  const failures: string[] = [];
  const rest = (model: string) =>
    new Promise<void>((done) => {
      const path = `/v2/models/${model}/infer`;
      const sent = request({ host: '127.0.0.1', port: router.http, method: 'POST', path, agent }, (response) => {
        response.resume();
        if (response.statusCode !== 200) failures.push(`REST ${model}: ${response.statusCode}`);
        response.on('end', () => done());
      });
      sent.on('error', (error) => {
        failures.push(`REST ${model}: ${error.message}`);
        done();
      });
      sent.end('{}');
    });
  const rpc = async (model: string) => {
    const { code, details } = await grpc.call('ModelInfer', naming(model));
    if (code !== 0) failures.push(`gRPC ${model}: ${code} ${details}`);
  };
  const loop = async (one: (model: string) => Promise<void>, from: number) => {
    for (let i = from; running; i++) {
      asked++;
      await one(models[i % models.length] as string);
    }
  };
  const loops = [loop(rest, 0), loop(rest, 1), loop(rpc, 0), loop(rpc, 1)];
  return {
    asked: () => asked,
    stop: async (): Promise<{ asked: number; failures: string[] }> => {
      running = false;
      await Promise.all(loops);
      agent.destroy();
      grpc.close();
      return { asked, failures };
    },
  };
}

describe.skipIf(envoy.missing !== null)(`moves under load through Envoy (${envoy.missing ?? 'real'})`, () => {
  let pods: EchoPod[];
  let router: RunningEnvoy;
  let xds: Awaited<ReturnType<typeof createXdsServer>>;
  let socketPath: string;
  const events: XdsEvent[] = [];
  const start = () =>
    createXdsServer({ socketPath, keying: 'name', ackTimeoutMs: 20_000, onEvent: (event) => events.push(event) });

  const models = ['m0', 'm1', 'm2', 'm3'];
  const served = (model: string) => `default~${model}~1`;
  /** Model i on shard `on[i]`; only shards that are used, and s0, exist. */
  const state = (on: readonly number[]) => {
    const used = [...new Set([0, ...on])];
    const shards: ShardEndpoints[] = used.map((i) => ({
      shard: `s${i}`,
      protocols: ['v2-rest', 'v2-grpc'],
      pods: [(pods[i] as EchoPod).endpoint],
    }));
    return stateOf(
      models.map((model, i) => route(model, served(model), `s${on[i]}`)),
      shards,
    );
  };
  /** What the control side does: load there, switch, drain, unload here. */
  const move = async (from: readonly number[], to: readonly number[]) => {
    for (const [i, model] of models.entries()) pods[to[i] as number]?.holds?.add(served(model));
    await xds.apply(state(to));
    await pause(50);
    for (const [i, model] of models.entries())
      if (from[i] !== to[i]) pods[from[i] as number]?.holds?.delete(served(model));
  };

  beforeAll(async () => {
    pods = await Promise.all(['p0', 'p1', 'p2'].map((pod) => startEchoPod(pod)));
    for (const pod of pods) pod.holds = new Set();
    socketPath = `/tmp/stowage-moves-${process.pid}-${await freePort()}.sock`;
    xds = await start();
    router = await startEnvoy(envoy.path as string, { socketPath });
    await Promise.all([move([0, 0, 0, 0], [0, 0, 0, 0]), router.live()]);
  });
  afterAll(async () => {
    await xds?.close();
    await router?.stop();
    await Promise.all((pods ?? []).map((pod) => pod.close()));
  });

  it('moves models between shards that come and go without a failed request', async () => {
    const load = steadyLoad(router, models);
    let now: readonly number[] = [0, 0, 0, 0];
    const plans = [
      [0, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 1, 2],
      [0, 0, 0, 0],
      [2, 2, 2, 2],
      [2, 1, 0, 2],
      [0, 0, 1, 1],
    ];
    for (let i = 0; i < 35; i++) {
      const next = plans[i % plans.length] as readonly number[];
      await move(now, next);
      now = next;
      const { seen } = await ask(router.http, 'POST', '/v2/models/m1/infer', { body: '{}' });
      expect(seen?.pod).toBe(`p${next[1]}`);
    }
    await move(now, [0, 0, 0, 0]);
    const { asked, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(100);
  });

  it('adds and removes pods of a shard without a failed request', async () => {
    const load = steadyLoad(router, models);
    for (const pod of pods) for (const model of models) pod.holds?.add(served(model));
    const sets = [[0], [0, 1], [1], [1, 2], [0, 1, 2], [2], [0]];
    for (let i = 0; i < 21; i++) {
      const now = (sets[i % sets.length] as number[]).map((n) => (pods[n] as EchoPod).endpoint);
      const { routes } = state([0, 0, 0, 0]);
      await xds.apply({ routes, shards: [{ shard: 's0', protocols: ['v2-rest', 'v2-grpc'], pods: now }] });
      await pause(20);
    }
    await xds.apply(state([0, 0, 0, 0]));
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
  });

  it('finds each version while the newest comes and goes', async () => {
    const whole = ['default~m0~1', 'default~m0~2', 'default~m0~3'];
    for (const one of whole) pods[0]?.holds?.add(one);
    const with3 = [route('m0', 'default~m0~3', 's0'), ...whole.slice(0, 2).map((one) => route(one, one, 's0'))];
    const without = [route('m0', 'default~m0~2', 's0'), route('default~m0~1', 'default~m0~1', 's0')];
    const { shards } = state([0, 0, 0, 0]);
    await xds.apply(stateOf(with3, shards));
    const load = steadyLoad(router, ['m0', 'default~m0~2', 'default~m0~1']);
    for (let i = 0; i < 40; i++) {
      await xds.apply(stateOf(i % 2 === 0 ? without : with3, shards));
      const { seen } = await ask(router.http, 'POST', '/v2/models/m0/versions/2/infer', { body: '{}' });
      expect(seen?.path).toBe('/v2/models/default~m0~2/infer');
    }
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    await move([0, 0, 0, 0], [0, 0, 0, 0]);
  });

  it('loses no request while the server is away, and is told what changed meanwhile', async () => {
    const load = steadyLoad(router, models);
    await xds.close();
    const before = load.asked();
    await pause(1500);
    expect(load.asked()).toBeGreaterThan(before);
    events.length = 0;
    xds = await start();
    await move([0, 0, 0, 0], [0, 1, 2, 2]);
    expect(events.map(({ type }) => type)).toEqual(['connected', 'synced']);
    for (const [model, pod] of [
      ['m0', 'p0'],
      ['m1', 'p1'],
      ['m2', 'p2'],
    ] as const)
      expect((await ask(router.http, 'POST', `/v2/models/${model}/infer`, { body: '{}' })).seen?.pod).toBe(pod);
    await move([0, 1, 2, 2], [0, 0, 0, 0]);
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
  });

  it('reports why Envoy refuses, keeps serving, and recovers with the next good state', async () => {
    const load = steadyLoad(router, models);
    const good = state([0, 0, 0, 0]);
    const [shard] = good.shards;
    const [pod] = shard?.pods ?? [];
    if (shard === undefined || pod === undefined) throw new Error('no pod');
    const bad = { ...good, shards: [{ ...shard, pods: [{ ...pod, address: 'not-an-address' }] }] };
    await expect(xds.apply(bad)).rejects.toThrow(/refused endpoints: .*not-an-address/);
    expect(events.at(-1)).toMatchObject({ type: 'refused', node: 'test' });
    await move([0, 0, 0, 0], [1, 1, 1, 1]);
    expect((await ask(router.http, 'POST', '/v2/models/m0/infer', { body: '{}' })).seen?.pod).toBe('p1');
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
  });

  it('merges states that arrive while one is under way', async () => {
    const last = state([2, 2, 2, 2]);
    for (const model of models) pods[2]?.holds?.add(served(model));
    await Promise.all([state([1, 0, 0, 0]), state([0, 1, 0, 0]), state([0, 0, 1, 0]), last].map((s) => xds.apply(s)));
    expect((await ask(router.http, 'POST', '/v2/models/m3/infer', { body: '{}' })).seen?.pod).toBe('p2');
  });

  it('lets a request under way finish when its shard is removed', async () => {
    await xds.apply(state([2, 2, 2, 2]));
    for (const model of models) pods[0]?.holds?.add(served(model));
    const slow = pods[2] as EchoPod;
    slow.answer = { status: 200, delayMs: 1500 };
    const under = ask(router.http, 'POST', '/v2/models/m0/infer', { body: '{}' });
    await pause(200);
    await xds.apply(state([0, 0, 0, 0]));
    expect((await under).status).toBe(200);
    slow.answer = { status: 200, delayMs: 0 };
  });
});
