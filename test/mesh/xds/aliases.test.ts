import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelRoute, RouteState } from '../../../src/mesh/route-state';
import { sharesOf } from '../../../src/mesh/shares';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { type Answer, ask, grpcClient, naming, route, stateOf } from './asking';
import { type EchoPod, startEchoPod } from './echo-pod';
import { findEnvoy, type RunningEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();
const versions = ['1', '2', '3'] as const;
const served = (version: string, tenant = 'default') => `${tenant}~m~${version}`;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** How far from n * p a count may be: six standard deviations, once in 10^9. */
const within = (count: number, n: number, p: number) =>
  expect(Math.abs(count - n * p), `${count} of ${n}`).toBeLessThanOrEqual(6 * Math.sqrt(n * p * (1 - p)));

describe.skipIf(envoy.missing !== null)(`aliases through Envoy (${envoy.missing ?? 'real'})`, () => {
  let pods: EchoPod[];
  beforeAll(async () => {
    pods = await Promise.all(versions.map((version) => startEchoPod(`p${version}`)));
  });
  afterAll(() => Promise.all(pods.map((pod) => pod.close())));
  beforeEach(() => {
    for (const [i, pod] of pods.entries()) {
      pod.seen.length = 0;
      pod.answer = { status: 200, delayMs: 0 };
      // Whatever is sent to a pod under another version's name is answered 404.
      pod.holds = new Set(['default', 'acme'].map((tenant) => served(versions[i] as string, tenant)));
    }
  });

  /** Version i in shard si, and an alias that leads there by these weights. */
  function state(weights: readonly number[], more: Partial<ModelRoute> = {}): RouteState {
    const { tenant = 'default', timeoutMs = 5000 } = more;
    const routes = versions.map((version, i) =>
      route(i === 2 ? 'm' : served(version, tenant), served(version, tenant), `s${version}`, { tenant }),
    );
    const shares = sharesOf(weights);
    const split = versions
      .map((version, i) => ({
        ...{ served: served(version, tenant), shard: `s${version}`, residency: 'resident' as const, timeoutMs },
        shareMicro: shares[i] ?? 0,
      }))
      .filter(({ shareMicro }) => shareMicro > 0);
    const [first] = split;
    const alias: ModelRoute = {
      ...route('live', first?.served ?? '', first?.shard ?? '', { tenant, timeoutMs }),
      ...(split.length > 1 ? { split } : {}),
      ...more,
    };
    const shards = versions.map((version, i) => ({
      shard: `s${version}`,
      protocols: ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'] as const,
      pods: [(pods[i] as EchoPod).endpoint],
    }));
    return stateOf([...routes, alias], shards);
  }

  const seen = () => pods.map((pod) => pod.seen.length);
  const many = async <T>(n: number, one: () => Promise<T>): Promise<T[]> => {
    const all: T[] = [];
    const lane = async () => {
      while (all.length < n) {
        const place = all.push(undefined as T) - 1;
        all[place] = await one();
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    return all;
  };

  describe('without tenants', () => {
    let router: RunningEnvoy;
    let xds: Awaited<ReturnType<typeof createXdsServer>>;
    let grpc: ReturnType<typeof grpcClient>;
    beforeAll(async () => {
      router = await startEnvoy(envoy.path as string);
      xds = await createXdsServer({ socketPath: router.socketPath, keying: 'name' });
      await xds.apply(state([1, 0, 0]));
      await router.live();
      grpc = grpcClient(router.grpc);
    }, 60_000);
    afterAll(async () => {
      grpc?.close();
      await router?.stop();
      await xds?.close();
    });
    const infer = () => ask(router.http, 'POST', '/v2/models/live/infer', { body: '{}' });
    const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))];

    it('shares REST requests by weight, each under the name of the version that it goes to', async () => {
      await xds.apply(state([90, 10, 0]));
      const n = 1000;
      const answers = await many(n, infer);
      expect(statuses(answers)).toEqual([200]);
      expect(seen()[2]).toBe(0);
      within(seen()[1] as number, n, 0.1);
      expect(pods[1]?.seen[0]?.path).toBe(`/v2/models/${served('2')}/infer`);
    }, 60_000);

    it('shares gRPC requests by weight, with the message renamed alike', async () => {
      await xds.apply(state([1, 1, 2]));
      const n = 400;
      const answers = await many(n, () => grpc.call('ModelInfer', naming('live')));
      expect([...new Set(answers.map(({ code }) => code))]).toEqual([0]);
      within(seen()[0] as number, n, 0.25);
      within(seen()[2] as number, n, 0.5);
      const byMetadata = await grpc.call('ModelReady', naming(''), { 'mm-model-id': 'live' });
      expect(byMetadata.code).toBe(0);
    }, 60_000);

    it('shares v1 and OpenAI requests, too', async () => {
      await xds.apply(state([1, 1, 0]));
      const v1 = await many(60, () => ask(router.http, 'POST', '/v1/models/live:predict', { body: '{}' }));
      expect(statuses(v1)).toEqual([200]);
      expect(Math.min(...seen().slice(0, 2))).toBeGreaterThan(0);
      for (const pod of pods) Object.assign(pod, { holds: null }).seen.length = 0;
      const body = '{"model":"live","prompt":"x"}';
      const openai = await many(60, () => ask(router.http, 'POST', '/v1/completions', { body }));
      expect(statuses(openai)).toEqual([200]);
      for (const [i, pod] of pods.slice(0, 2).entries()) {
        expect(pod.seen.length).toBeGreaterThan(0);
        const expected = `{"model":"${served(versions[i] as string)}","prompt":"x"}`;
        expect([...new Set(pod.seen.map((one) => one.body))]).toEqual([expected]);
      }
    }, 60_000);

    it('takes over new weights under load, without a failed request', async () => {
      await xds.apply(state([1, 0, 0]));
      let running = true;
      const answers: Answer[] = [];
      const load = (async () => {
        while (running) answers.push(await infer());
      })();
      for (const weights of [
        [90, 10, 0],
        [50, 50, 0],
        [0, 1, 0],
      ]) {
        await pause(50);
        await xds.apply(state(weights));
      }
      running = false;
      await load;
      expect(statuses(answers)).toEqual([200]);
      for (const pod of pods) pod.seen.length = 0;
      await many(50, infer);
      expect(seen()).toEqual([0, 50, 0]);
      await xds.apply(
        stateOf(
          state([1, 0, 0]).routes.filter(({ name }) => name !== 'live'),
          state([1]).shards,
        ),
      );
      expect((await infer()).status).toBe(404);
    }, 60_000);

    it('keeps to the alias’s timeout', async () => {
      await xds.apply(state([1, 1, 0], { timeoutMs: 100 }));
      for (const pod of pods) pod.answer = { status: 200, delayMs: 600 };
      expect((await infer()).status).toBe(504);
    });

    it('asks the very pod for an on-demand version that the version’s own name does', async () => {
      for (const pod of pods) pod.holds = null;
      const all = pods.map((pod) => pod.endpoint);
      const names = Array.from({ length: 12 }, (_, i) => `d${i}`);
      const own = names.map((name) => route(name, `default~${name}~1`, 's', { residency: 'on-demand' }));
      const aliases = own.map((one) => ({
        ...one,
        name: `to-${one.name}`,
        mirror: { served: served('3'), shareMicro: 1 },
      }));
      const protocols = ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'] as const;
      const { routes, shards } = state([1, 0, 0]);
      await xds.apply(stateOf([...routes, ...own, ...aliases], [...shards, { shard: 's', protocols, pods: all }]));
      // One after another: a busy pod passes requests on.
      const each = async <T>(prefix: string, one: (name: string) => Promise<T>) => {
        const found: T[] = [];
        for (const name of names) found.push(await one(prefix + name));
        return found;
      };
      const asked = (path: (name: string) => string, prefix: string) =>
        each(prefix, async (name) => {
          const body = JSON.stringify({ model: name });
          return (await ask(router.http, 'POST', path(name), { body })).seen?.pod;
        });
      const first = await asked((name) => `/v2/models/${name}/infer`, '');
      expect(new Set(first).size).toBeGreaterThan(1);
      for (const path of [
        (name: string) => `/v2/models/${name}/infer`,
        (name: string) => `/v1/models/${name}:predict`,
        () => '/v1/chat/completions',
      ]) {
        for (const prefix of ['', 'default~', 'to-']) expect(await asked(path, prefix)).toEqual(first);
      }
      // A pod's double has no proxy for both.
      const byGrpc = all.map((one) => ({ ...one, proxy: one.grpc ?? 0 }));
      await xds.apply(stateOf([...routes, ...own, ...aliases], [...shards, { shard: 's', protocols, pods: byGrpc }]));
      const called = (prefix: string) =>
        each(prefix, async (name) => (await grpc.call('ModelInfer', naming(name))).message.slice(-2));
      const direct = await called('');
      expect(new Set(direct).size).toBeGreaterThan(1);
      expect(await called('to-')).toEqual(direct);
    });

    it('has no versions of its own', async () => {
      await xds.apply(state([1, 1, 0]));
      expect((await ask(router.http, 'POST', '/v2/models/live/versions/1/infer', { body: '{}' })).status).toBe(404);
      expect((await ask(router.http, 'POST', '/v2/models/m/versions/1/infer', { body: '{}' })).seen?.pod).toBe('p1');
    });

    it('copies a share of the requests to the mirror under its own name, and drops its answers', async () => {
      const mirror = { served: served('3'), shareMicro: 500_000 };
      await xds.apply(state([1, 1, 0], { mirror }));
      const third = pods[2] as EchoPod;
      third.answer = { status: 500, delayMs: 50 };
      const n = 200;
      const answers = await many(n, infer);
      expect(statuses(answers)).toEqual([200]);
      expect(answers.some((answer) => answer.seen?.pod === 'p3')).toBe(false);
      await pause(300);
      within(third.seen.length, n, 0.5);
      expect([...new Set(third.seen.map(({ path, body }) => `${path} ${body}`))]).toEqual([
        `/v2/models/${served('3')}/infer {}`,
      ]);
    }, 60_000);

    it('copies the same share of each version’s requests, a small one as well', async () => {
      const mirror = { served: served('3'), shareMicro: 200_000 };
      await xds.apply(state([70, 30, 0], { mirror }));
      const n = 1000;
      let asked = 0;
      const answers = await many(n, () =>
        ask(router.http, 'POST', '/v2/models/live/infer', { body: `{"id":${asked++}}` }),
      );
      expect(statuses(answers)).toEqual([200]);
      await pause(300);
      const copied = new Set(pods[2]?.seen.map(({ body }) => body));
      for (const pod of pods.slice(0, 2)) {
        within(pod.seen.filter(({ body }) => copied.has(body)).length, pod.seen.length, 0.2);
      }
    }, 60_000);

    it('copies OpenAI requests, with the mirror’s name in the body', async () => {
      await xds.apply(state([1, 1, 0], { mirror: { served: served('3'), shareMicro: 1_000_000 } }));
      for (const pod of pods) pod.holds = null;
      const body = '{"stream":false,"model" : "live","prompt":"x \\"model\\""}';
      const { status, seen: one } = await ask(router.http, 'POST', '/v1/completions', { body });
      expect(status).toBe(200);
      expect(one?.pod).not.toBe('p3');
      const third = pods[2] as EchoPod;
      for (let i = 0; i < 50 && third.seen.length === 0; i++) await pause(20);
      expect(third.seen.map((copy) => `${copy.path} ${copy.body}`)).toEqual([
        `/v1/completions ${body.replace('"live"', `"${served('3')}"`)}`,
      ]);
    }, 60_000);

    it('copies gRPC and v1 requests', async () => {
      await xds.apply(state([1, 1, 0], { mirror: { served: served('2'), shareMicro: 1_000_000 } }));
      const second = pods[1] as EchoPod;
      const { code, message } = await grpc.call('ModelInfer', naming('live', '\x12\x00'), { 'mm-model-id': 'live' });
      expect(code).toBe(0);
      expect(message).toContain('~m~');
      const v1 = await ask(router.http, 'POST', '/v1/models/live:predict', { body: '{}' });
      expect(v1.status).toBe(200);
      const copies = () => second.seen.filter(({ headers }) => headers['x-stowage-mirror'] !== undefined);
      for (let i = 0; i < 50 && pods.reduce((sum, pod) => sum + pod.seen.length, 0) < 4; i++) await pause(20);
      expect(pods.reduce((sum, pod) => sum + pod.seen.length, 0)).toBe(4);
      expect(copies().map(({ method }) => method)).toEqual(expect.arrayContaining(['GRPC', 'POST']));
      for (const one of copies()) expect(`${one.path} ${one.body}`).toContain(served('2'));
    }, 60_000);

    it('takes no client’s word for what to mirror', async () => {
      await xds.apply(state([1, 0, 0]));
      const headers = { 'x-stowage-mirror': served('2') };
      const { seen: one } = await ask(router.http, 'POST', '/v2/models/live/infer', { headers, body: '{}' });
      expect(one?.headers['x-stowage-mirror']).toBeUndefined();
      await pause(100);
      expect(seen()).toEqual([1, 0, 0]);
    });
  });

  it('are reachable by their own tenant alone; to others they are unknown', async () => {
    const router = await startEnvoy(envoy.path as string, {
      authentication: {
        type: 'api-key',
        keys: [
          { key: 'k-acme', tenant: 'acme' },
          { key: 'k-evil', tenant: 'evil' },
        ],
      },
    });
    const xds = await createXdsServer({ socketPath: router.socketPath, keying: 'tenant-and-name' });
    const grpc = grpcClient(router.grpc);
    try {
      const mirror = { served: served('3', 'acme'), shareMicro: 1_000_000 };
      await xds.apply(state([1, 1, 0], { tenant: 'acme', mirror }));
      const as = (key: string, path: string, more: Record<string, string> = {}) =>
        ask(router.http, 'POST', path, { headers: { 'x-api-key': key, ...more }, body: '{}' });
      for (let i = 0; ; i++) {
        const { status } = await as('k-acme', '/v2/models/live/infer').catch(() => ({ status: 0 }));
        if (status === 200) break;
        if (i > 500) throw new Error(`not live: ${status} ${router.log()}`);
        await pause(20);
      }
      await pause(200);
      expect(pods[2]?.seen.map(({ path }) => path)).toEqual([`/v2/models/${served('3', 'acme')}/infer`]);
      for (const pod of pods) pod.seen.length = 0;
      const unknown = await as('k-evil', '/v2/models/nothing/infer');
      expect(unknown.status).toBe(404);
      for (const path of [
        '/v2/models/live/infer',
        '/v2/models/acme~live/infer',
        '/v2/models/acme%7Elive/infer',
        '/v2/models/acme~live~1/infer',
        '/v2/models/live/versions/1/infer',
        '/v1/models/live:predict',
        '/v1/models/acme~live:predict',
      ]) {
        for (const more of [{}, { 'x-stowage-tenant': 'acme' }, { 'x-stowage-mirror': served('3', 'acme') }]) {
          expect({ path, status: (await as('k-evil', path, more)).status }).toEqual({ path, status: 404 });
        }
      }
      for (const name of ['live', 'acme~live']) {
        const { code } = await grpc.call('ModelInfer', naming(name), { 'x-api-key': 'k-evil' });
        expect({ name, code }).toEqual({ name, code: 5 });
      }
      await pause(200);
      expect(seen()).toEqual([0, 0, 0]);
    } finally {
      grpc.close();
      await router.stop();
      await xds.close();
    }
  }, 60_000);
});
