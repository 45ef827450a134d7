import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RouteSink, ShardEndpoints } from '../../../src/mesh/route-state';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { ask, grpcClient, naming, route, stateOf } from './asking';
import { type EchoPod, startEchoPod } from './echo-pod';
import { findEnvoy, freePort, type RunningEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();

describe.skipIf(envoy.missing !== null)(`routes by name through Envoy (${envoy.missing ?? 'real'})`, () => {
  let a: EchoPod;
  let b: EchoPod;
  let c: EchoPod;
  let proxy: EchoPod;
  let router: RunningEnvoy;
  let status: number;
  let xds: RouteSink & { close(): Promise<void> };
  let grpc: ReturnType<typeof grpcClient>;

  beforeAll(async () => {
    [a, b, c, proxy] = await Promise.all([
      startEchoPod('a'),
      startEchoPod('b'),
      startEchoPod('c'),
      startEchoPod('proxy'),
    ]);
    const socketPath = `/tmp/stowage-routing-${process.pid}-${await freePort()}.sock`;
    xds = await createXdsServer({ socketPath, keying: 'name' });
    status = await freePort();
    router = await startEnvoy(envoy.path as string, {
      socketPath,
      accessLog: 'stdout',
      status: { address: '127.0.0.1', port: status },
    });
    const shards: ShardEndpoints[] = [
      { shard: 's1', protocols: ['v2-rest', 'v2-grpc'], pods: [{ ...a.endpoint, proxy: proxy.endpoint.http }] },
      { shard: 's2', protocols: ['v2-rest', 'v1-rest'], pods: [b.endpoint, c.endpoint] },
      { shard: 's1+1.0123456789abcdef', protocols: ['v2-rest'], pods: [a.endpoint, b.endpoint] },
      { shard: 'llm', protocols: ['openai'], pods: [c.endpoint] },
      { shard: '@none', protocols: ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'], pods: [] },
    ];
    await Promise.all([
      router.live(),
      xds.apply(
        stateOf(
          [
            route('iris', 'default~iris~2', 's1'),
            route('default~iris~1', 'default~iris~1', 's2'),
            route('default~iris~0', 'default~iris~0', 's1'),
            route('acme~wine', 'acme~wine~2', 's2', { tenant: 'acme' }),
            route('acme~wine~1', 'acme~wine~1', 's2', { tenant: 'acme' }),
            route('wine', 'default~wine~v3.1', 's2'),
            route('best', 'default~wine~v3.1', 's2'),
            route('chat', 'default~chat~1', 'llm'),
            route('rare', 'default~rare~1', 's1', { residency: 'on-demand' }),
            route('down', 'default~down~1', '@none'),
            route('wide', 'default~wide~1', 's1+1.0123456789abcdef'),
            route('slow', 'default~slow~1', 's2', { timeoutMs: 300 }),
          ],
          shards,
        ),
      ),
    ]);
    grpc = grpcClient(router.grpc);
  });
  beforeEach(() => {
    for (const pod of [a, b, c]) pod.answer = { status: 200, delayMs: 0 };
  });
  afterAll(async () => {
    grpc?.close();
    await xds?.close();
    await router?.stop();
    await Promise.all([a, b, c, proxy].map((pod) => pod?.close()));
  });

  it.each([
    ['POST', '/v2/models/iris/infer', '/v2/models/default~iris~2/infer'],
    ['GET', '/v2/models/iris', '/v2/models/default~iris~2'],
    ['GET', '/v2/models/iris/ready', '/v2/models/default~iris~2/ready'],
    ['POST', '/v2/models/iris/infer?trace=1', '/v2/models/default~iris~2/infer?trace=1'],
    ['POST', '/v2/models/default~iris/infer', '/v2/models/default~iris~2/infer'],
    ['POST', '/v2/models/default~iris~2/infer', '/v2/models/default~iris~2/infer'],
    ['POST', '/v2/models/default~iris/infer?x=~', '/v2/models/default~iris~2/infer?x=~'],
    ['POST', '/v2/models/iris/infer?x=~/y', '/v2/models/default~iris~2/infer?x=~/y'],
    ['GET', '/v2/models/default~iris~1', '/v2/models/default~iris~1'],
    ['POST', '/v2/models/acme~wine/infer', '/v2/models/acme~wine~2/infer'],
    ['POST', '/v2/models/acme~wine~2/infer', '/v2/models/acme~wine~2/infer'],
    ['POST', '/v2/models/acme~wine~1/infer', '/v2/models/acme~wine~1/infer'],
    ['POST', '/v2/models/acme~wine/versions/2/infer', '/v2/models/acme~wine~2/infer'],
    ['GET', '/v2/models/acme~wine/versions/1/ready', '/v2/models/acme~wine~1/ready'],
    ['POST', '/v2/models/best/infer', '/v2/models/default~wine~v3.1/infer'],
    ['POST', '/v2/models/iris/versions/2/infer', '/v2/models/default~iris~2/infer'],
    ['GET', '/v2/models/iris/versions/1/ready', '/v2/models/default~iris~1/ready'],
    ['POST', '/v2/models/iris/versions/1/infer?x=%2F', '/v2/models/default~iris~1/infer?x=%2F'],
    ['POST', '/v2/models/default~iris/versions/1/infer', '/v2/models/default~iris~1/infer'],
    ['POST', '/v2/models/default~iris~1/versions/1/infer', '/v2/models/default~iris~1/infer'],
    ['POST', '/v2/models/iris/generate_stream', '/v2/models/default~iris~2/generate_stream'],
    ['POST', '/v1/models/wine:predict', '/v1/models/default~wine~v3.1:predict'],
    ['POST', '/v1/models/wine:predict?a=/b:c', '/v1/models/default~wine~v3.1:predict?a=/b:c'],
    ['POST', '/v1/models/best:predict', '/v1/models/default~wine~v3.1:predict'],
    ['GET', '/v1/models/best', '/v1/models/default~wine~v3.1'],
    ['POST', '/v2/models/default~best/infer', '/v2/models/default~wine~v3.1/infer'],
    ['POST', '/v1/models/default~wine:predict', '/v1/models/default~wine~v3.1:predict'],
    ['POST', '/v1/models/default~wine~v3.1:predict', '/v1/models/default~wine~v3.1:predict'],
    ['POST', '/v1/models/acme~wine:predict', '/v1/models/acme~wine~2:predict'],
    ['POST', '/v1/models/acme~wine~1:predict', '/v1/models/acme~wine~1:predict'],
    ['GET', '/v1/models/acme~wine~2', '/v1/models/acme~wine~2'],
  ])('%s %s reaches %s', async (method, path, reached) => {
    const answer = await ask(router.http, method, path, method === 'POST' ? { body: '{"inputs":[]}' } : {});
    expect(answer.status).toBe(200);
    expect(answer.seen?.path).toBe(reached);
    expect(answer.seen?.body).toBe(method === 'POST' ? '{"inputs":[]}' : '');
  });

  it.each([
    ['GET', '/v2/models/nope'],
    ['POST', '/v2/models/nope/infer'],
    ['POST', '/v2/models/iris/versions/9/infer'],
    ['POST', '/v2/models/default~iris~9/infer'],
    ['POST', '/v2/models/default~iris~1/versions/2/infer'],
    ['POST', '/v2/models/default~best~v3.1/infer'],
    ['POST', '/v2/models/acme~iris/infer'],
    ['POST', '/v2/models/other~wine/infer'],
    ['POST', '/v2/models/other~wine~1/infer'],
    ['POST', '/v2/models/default~default~iris/infer'],
    ['POST', '/v2/models/default~default~iris~2/infer'],
    ['POST', '/v2/models/~iris/infer'],
    ['POST', '/v2/models/iris~/infer'],
    ['POST', '/v2/models/default~iris~/infer'],
    ['POST', '/v1/models/other~wine:predict'],
    ['POST', '/v1/models/default~wine~9:predict'],
    ['POST', '/v1/models/nope:predict'],
    ['POST', '/v1/models/iris:predict'],
    ['POST', '/v1/models/wine/:predict'],
    ['POST', '/v1/models/default~wine/:predict'],
    ['POST', '/v1/models/:predict'],
    ['POST', '/v1/models/wine:predict:predict'],
    ['POST', '/v1/models/wine:explain'],
    ['GET', '/v1/models/wine:predict'],
    ['POST', '/v2/models/iris'],
    ['GET', '/v2/models/iris/infer'],
    ['GET', '/v2/models/iris/config'],
    ['GET', '/v2/models/iris/stats'],
    ['POST', '/v2/repository/index'],
    ['POST', '/v2/repository/models/iris/load'],
    ['POST', '/v2/repository/models/iris/unload'],
    ['GET', '/v2/logging'],
    ['POST', '/v2/systemsharedmemory/region/iris/register'],
    ['POST', '/v1/load_lora_adapter'],
    ['GET', '/v1/models/iris'],
    ['GET', '/metrics'],
    ['GET', '/'],
  ])('%s %s is not there', async (method, path) => {
    const answer = await ask(router.http, method, path);
    expect(answer).toEqual({ status: 404, body: '{"error":"unknown model"}', seen: null });
  });

  it('answers for the whole mesh', async () => {
    expect((await ask(router.http, 'GET', '/v2/health/live')).body).toBe('{"live":true}');
    expect((await ask(router.http, 'GET', '/v2/health/ready')).body).toBe('{"ready":true}');
    expect(JSON.parse((await ask(router.http, 'GET', '/v2')).body)).toMatchObject({ name: 'stowage' });
  });

  it('answers for the whole mesh by gRPC', async () => {
    expect(await grpc.call('ServerLive', naming(''))).toEqual({ code: 0, details: '', message: '\x08\x01' });
    expect((await grpc.call('ServerReady', naming(''))).message).toBe('\x08\x01');
    expect((await grpc.call('ServerMetadata', naming(''))).message).toContain('stowage');
  });

  it('puts the served name into an OpenAI body and leaves the rest', async () => {
    const body = '{"messages":[{"role":"user","content":"\\"model\\": x"}], "model" : "chat","stream":true}';
    for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']) {
      const answer = await ask(router.http, 'POST', path, { body });
      expect(answer.status).toBe(200);
      expect(answer.seen?.path).toBe(path);
      expect(answer.seen?.body).toBe(body.replace('"chat"', '"default~chat~1"'));
    }
    const unknown = await ask(router.http, 'POST', '/v1/chat/completions', { body: '{"model":"nope"}' });
    expect(unknown).toEqual({ status: 404, body: '{"error":"unknown model"}', seen: null });
    const none = await ask(router.http, 'POST', '/v1/chat/completions', { body: '{"prompt":"x"}' });
    expect(none.status).toBe(400);
  });

  it('routes gRPC by metadata, else by the message, and makes the message agree', async () => {
    const tail = '\x9a\x06\x01a';
    const renamed = '\x0a\x0edefault~iris~2\x12\x00';
    expect(await grpc.call('ModelInfer', naming('iris'))).toEqual({
      code: 0,
      details: '',
      message: `\x0a\x04iris${renamed}${tail}`,
    });
    for (const key of ['x-stowage-model', 'mm-model-id', 'mm-vmodel-id', 'seldon-model']) {
      const answer = await grpc.call('ModelInfer', naming('other', '\x1a\x01i'), { [key]: 'iris' });
      expect(answer.message).toBe(`\x0a\x05other\x1a\x01i${renamed}${tail}`);
    }
    const as = await grpc.call('ModelReady', naming('default~iris~2'));
    expect(as.message).toBe(`\x0a\x0edefault~iris~2${tail}`);
    const tenant = await grpc.call('ModelReady', naming('default~iris'));
    expect(tenant.message).toBe(`\x0a\x0cdefault~iris${renamed}${tail}`);
    const older = await grpc.call('ModelReady', naming('iris', '\x12\x010'));
    expect(older.message).toBe(`\x0a\x04iris\x12\x010\x0a\x0edefault~iris~0\x12\x00${tail}`);
    expect((await grpc.call('ModelReady', naming('default~iris~0'))).message).toBe(`\x0a\x0edefault~iris~0${tail}`);
    expect(a.seen.at(-1)?.headers).not.toHaveProperty('x-stowage-unsure');
    expect(await grpc.call('ModelInfer', naming('iris', '\x12\x019'))).toMatchObject({ code: 5 });
    expect(await grpc.call('ModelInfer', naming('default~iris~2', '\x12\x011'))).toMatchObject({ code: 5 });
    const large = naming('iris', `\x3a\x80\x80\x80\x01${'x'.repeat(2 * 1024 * 1024)}`);
    expect((await grpc.call('ModelInfer', large)).message).toHaveLength(large.length + renamed.length + tail.length);
    const versioned = await grpc.call('ModelMetadata', naming('iris', '\x12\x012'));
    expect(versioned.message).toBe(`\x0a\x04iris\x12\x012${renamed}${tail}`);
    expect(await grpc.call('ModelInfer', naming('nope'))).toMatchObject({ code: 5, details: 'unknown model' });
    expect(await grpc.call('RepositoryModelUnload', naming('iris'))).toMatchObject({ code: 12 });
  });

  it('sends on-demand models to the agent', async () => {
    const answer = await ask(router.http, 'POST', '/v2/models/rare/infer', { body: '{}' });
    expect(answer.seen).toMatchObject({ pod: 'proxy', path: '/v2/models/default~rare~1/infer' });
  });

  it('asks another pod once when one answers 503, and never for 500', async () => {
    b.answer = { status: 503, delayMs: 0 };
    for (let i = 0; i < 20; i++) {
      const answer = await ask(router.http, 'POST', '/v2/models/wine/infer', { body: '{}' });
      expect(answer.seen?.pod).toBe('c');
    }
    b.answer = { status: 500, delayMs: 0 };
    c.answer = { status: 500, delayMs: 0 };
    const before = b.seen.length + c.seen.length;
    expect((await ask(router.http, 'POST', '/v2/models/wine/infer', { body: '{}' })).status).toBe(500);
    expect(b.seen.length + c.seen.length).toBe(before + 1);
  });

  it('keeps to the model’s own timeout', async () => {
    for (const pod of [b, c]) pod.answer = { status: 200, delayMs: 2000 };
    expect((await ask(router.http, 'POST', '/v2/models/slow/infer', { body: '{}' })).status).toBe(504);
  });

  it('takes control headers from nobody outside', async () => {
    const headers = {
      'x-stowage-admin': 'secret',
      'triton-grpc-protocol-x-stowage-admin': 'secret',
      'x-stowage-tenant': 'acme',
      'x-stowage-scope': 'acme~wine',
      'x-envoy-retry-on': '5xx',
      'x-envoy-upstream-rq-timeout-ms': '1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const { seen } = await ask(router.http, 'POST', '/v2/models/iris/infer', { headers, body: '{}' });
    expect(Object.keys(seen?.headers ?? {}).filter((key) => /stowage|envoy-(retry|upstream)/.test(key))).toEqual([]);
    expect(seen?.headers).toMatchObject({ traceparent: headers.traceparent });
    await grpc.call('ModelInfer', naming('iris'), { 'triton-grpc-protocol-x-stowage-admin': 'secret' });
    expect(a.seen.at(-1)?.headers).not.toHaveProperty('triton-grpc-protocol-x-stowage-admin');
  });

  it('passes trace context and request ids on as they are, by every protocol', async () => {
    const context = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
      tracestate: 'rojo=00f067aa0ba902b7,congo@x=t61rcWkgMzE;a/b',
      baggage: 'userId=a%2Fb%7Ec;ttl=3, empty=,path=%2E%2E%2F..',
      b3: '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1',
      'x-request-id': 'f058ebd6-02f7-4d3f-942e-904344e8cde5 / mine',
    };
    for (const [path, body, pod] of [
      ['/v2/models/iris/infer', '{}', a],
      ['/v2/models/iris/versions/2/infer', '{}', a],
      ['/v2/models/iris/generate_stream', '{}', a],
      ['/v1/models/default~wine:predict', '{}', null],
      ['/v1/chat/completions', '{"model":"chat"}', c],
      ['/v2/models/rare/infer', '{}', proxy],
    ] as const) {
      const { seen } = await ask(router.http, 'POST', path, { headers: context, body });
      expect(seen?.headers).toMatchObject(context);
      if (pod !== null) expect(pod.seen.at(-1)?.headers).toMatchObject(context);
    }
    const twice = await ask(router.http, 'POST', '/v2/models/iris/infer', {
      headers: { tracestate: ['rojo=1', 'congo=2'] },
      body: '{}',
    });
    expect(String(twice.seen?.headers.tracestate).replace(' ', '')).toBe('rojo=1,congo=2');
    // Made by nobody here: who starts a trace is the caller's business.
    expect(Object.keys(twice.seen?.headers ?? {}).filter((name) => name in context)).toEqual(['tracestate']);
    await grpc.call('ModelInfer', naming('iris'), { ...context, 'x-stowage-model': 'iris' });
    expect(a.seen.at(-1)?.headers).toMatchObject(context);
  });

  it('says so when a known model is on no pod', async () => {
    const answer = await ask(router.http, 'POST', '/v2/models/down/infer', { body: '{}' });
    expect(answer).toEqual({ status: 503, body: '{"error":"the model is not up"}', seen: null });
    expect(await grpc.call('ModelInfer', naming('down'))).toMatchObject({ code: 14 });
  });

  it('shows probes and metrics, and nothing else of the admin interface', async () => {
    expect((await ask(status, 'GET', '/live')).status).toBe(200);
    expect((await ask(status, 'GET', '/ready')).status).toBe(200);
    expect((await ask(status, 'GET', '/stats/prometheus')).body).toContain('envoy_cluster_upstream_rq_total');
    for (const path of ['/', '/config_dump', '/stats', '/ready/../config_dump', '/clusters', '/quitquitquit'])
      expect((await ask(status, 'GET', path)).status).toBe(404);
    expect((await ask(status, 'POST', '/ready')).status).toBe(404);
  });

  it('spreads a model of several shards over all their pods', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 200 && seen.size < 2; i++)
      seen.add((await ask(router.http, 'POST', '/v2/models/wide/infer', { body: '{}' })).seen?.pod ?? 'none');
    expect(seen).toEqual(new Set([a.endpoint.pod, b.endpoint.pod]));
  });

  it('logs as JSON, with the shard that answered, and counts by group', async () => {
    const page = readFileSync(join(__dirname, '../../../docs/reference/access-log.md'), 'utf8');
    const fields = [...page.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, names = '']) => names.match(/\w+/g) ?? []);
    const logged = async (part: string): Promise<Record<string, unknown>> => {
      const lines = () =>
        router
          .log()
          .split('\n')
          .filter((text) => text.startsWith('{') && text.includes(part));
      // Envoy writes when it has much to write, or every ten seconds.
      for (let i = 0; i < 150 && lines().length === 0; i++) await new Promise((done) => setTimeout(done, 100));
      return JSON.parse(lines()[0] ?? '{}') as Record<string, unknown>;
    };
    const trace = (id: string) => ({ traceparent: `00-0af7651916cd43dd8448eb211c80319c-${id}-01` });
    await ask(router.http, 'GET', '/v2/models/wine/ready', { headers: trace('0000000000000001') });
    await grpc.call('ModelInfer', naming('default~iris'), trace('0000000000000002'));
    const body = '{"model":"chat"}';
    await ask(router.http, 'POST', '/v1/completions', { headers: trace('0000000000000003'), body });
    await ask(router.http, 'GET', '/v2/models/nobody', { headers: trace('0000000000000004') });
    const rest = await logged('0000000000000001-01');
    expect(Object.keys(rest).sort()).toEqual(fields.filter((name) => name !== 'mirror').sort());
    expect(rest).toMatchObject({
      ...{ path: '/v2/models/default~wine~v3.1/ready', method: 'GET', model: null, tenant: null, grpcStatus: null },
      ...{ shard: expect.stringMatching(/^shard-of-[bc]$/), cluster: 's2/http', pod: expect.stringMatching(/^[bc]$/) },
      ...{ status: 200, attempts: 1, bytesIn: 0, bytesOut: expect.any(Number), flags: '-' },
      ...{ time: expect.any(String), milliseconds: expect.any(Number), upstreamMilliseconds: expect.any(Number) },
    });
    expect(await logged('0000000000000002-01')).toMatchObject({ model: 'iris', grpcStatus: 0, cluster: 's1/grpc' });
    expect(await logged('0000000000000003-01')).toMatchObject({ model: 'chat', path: '/v1/completions', status: 200 });
    expect(await logged('0000000000000004-01')).toMatchObject({ status: 404, flags: 'NR', shard: null, pod: null });
    const metrics = await ask(router.admin, 'GET', '/stats?format=prometheus');
    expect(metrics.body).toMatch(/envoy_cluster_upstream_rq_total\{envoy_cluster_name="s2\/http"\} [1-9]/);
    expect(metrics.body).not.toMatch(/iris|wine/);
  });
});
