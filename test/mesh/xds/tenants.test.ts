import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { ask, askHttp2, askRaw, grpcClient, naming, route, stateOf } from './asking';
import { type EchoPod, startEchoPod } from './echo-pod';
import { findEnvoy, freePort, type RunningEnvoy, startEnvoy } from './envoy-bed';
import { bearer, issuer, jwksOf, newKey, part, token } from './tokens';
import { bodies, grpcPaths, messages, paths, rawHeaders, reads } from './tries';

const envoy = findEnvoy();

const [ours, theirs] = [newKey('k'), newKey('k')];
const acme = token(ours, { tenant: 'acme' });
const zed = token(ours, { tenant: 'zed' });
const tail = 'content-length: 2\r\nconnection: close\r\n\r\n{}';

// acme's model is what zed is after; both have one called `shared`; all are on one shard, the hardest case.
const named = (tenant: string, name: string) => route(name, `${tenant}~${name}~1`, 's', { tenant });
const older = (tenant: string, name: string) => {
  const served = `${tenant}~${name}~0`;
  return route(served, served, 's', { tenant });
};
const routes = [
  named('acme', 'secret'),
  older('acme', 'secret'),
  named('acme', 'shared'),
  named('zed', 'own'),
  older('zed', 'own'),
  named('zed', 'shared'),
];

describe.skipIf(envoy.missing !== null)(`tenants apart, by JWT (${envoy.missing ?? 'real Envoy'})`, () => {
  let pod: EchoPod;
  let router: RunningEnvoy;
  let xds: Awaited<ReturnType<typeof createXdsServer>>;
  let grpc: ReturnType<typeof grpcClient>;

  beforeAll(async () => {
    pod = await startEchoPod('p');
    const socketPath = `/tmp/stowage-tenants-${process.pid}-${await freePort()}.sock`;
    xds = await createXdsServer({ socketPath, keying: 'tenant-and-name' });
    router = await startEnvoy(envoy.path as string, {
      socketPath,
      authentication: {
        type: 'jwt',
        issuer,
        tenantClaim: 'tenant',
        jwks: { inline: jwksOf(ours) },
      },
    });
    const protocols = ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'] as const;
    const state = stateOf(routes, [{ shard: 's', protocols, pods: [pod.endpoint] }]);
    await Promise.all([router.live(), xds.apply(state)]);
    grpc = grpcClient(router.grpc);
  });
  afterAll(async () => {
    grpc?.close();
    await xds?.close();
    await router?.stop();
    await pod?.close();
  });

  /** What pods saw while `tries` ran: the model they were asked for, wherever it is spelled. */
  const seenDuring = async (tries: () => Promise<unknown>): Promise<string[]> => {
    const before = pod.seen.length;
    await tries();
    return pod.seen.slice(before).map(({ path, body }) => `${path} ${body}`);
  };

  it('lets each tenant reach its own models, under its own names', async () => {
    for (const [jwt, path, served] of [
      [acme, '/v2/models/secret/infer', 'acme~secret~1'],
      [acme, '/v2/models/acme~secret/infer', 'acme~secret~1'],
      [acme, '/v2/models/secret/versions/1/infer', 'acme~secret~1'],
      [acme, '/v2/models/shared/infer', 'acme~shared~1'],
      [zed, '/v2/models/shared/infer', 'zed~shared~1'],
      [zed, '/v2/models/zed~own~1/infer', 'zed~own~1'],
      [zed, '/v2/models/zed~own~0/infer', 'zed~own~0'],
      [zed, '/v2/models/own/versions/0/infer', 'zed~own~0'],
      [zed, '/v2/models/zed~own/infer', 'zed~own~1'],
    ] as const) {
      const { seen } = await ask(router.http, 'POST', path, { headers: bearer(jwt), body: '{}' });
      expect(seen?.path).toBe(`/v2/models/${served}/infer`);
    }
    const chat = { headers: bearer(acme), body: '{"model":"secret"}' };
    expect((await ask(router.http, 'POST', '/v1/completions', chat)).seen?.body).toBe('{"model":"acme~secret~1"}');
    const infer = await grpc.call('ModelInfer', naming('secret'), bearer(acme));
    expect(infer.message).toContain('acme~secret~1');
    const { seen } = await ask(router.http, 'POST', '/v2/models/own/infer', { headers: bearer(zed), body: '{}' });
    expect(seen?.headers).not.toHaveProperty('authorization');
    expect(seen?.headers).toMatchObject({ 'x-stowage-tenant': 'zed' });
  });

  it('answers an unknown model and another tenant’s alike', async () => {
    const options = { headers: bearer(zed), body: '{}' };
    const forbidden = await ask(router.http, 'POST', '/v2/models/secret/infer', options);
    const unknown = await ask(router.http, 'POST', '/v2/models/nothing/infer', options);
    expect(forbidden).toEqual(unknown);
    expect(forbidden.status).toBe(404);
    expect(await grpc.call('ModelInfer', naming('secret'), bearer(zed))).toEqual(
      await grpc.call('ModelInfer', naming('nothing'), bearer(zed)),
    );
    const body = (model: string) => ({ headers: bearer(zed), body: JSON.stringify({ model }) });
    expect(await ask(router.http, 'POST', '/v1/completions', body('secret'))).toEqual(
      await ask(router.http, 'POST', '/v1/completions', body('nothing')),
    );
  });

  it('refuses callers without a good token', async () => {
    const none = part({ iss: issuer, exp: 4_000_000_000, tenant: 'acme' });
    const bad: Record<string, string | string[]>[] = [
      {},
      { authorization: 'Bearer x' },
      { authorization: `Basic ${acme}` },
      bearer(token(theirs, { tenant: 'acme' })),
      bearer(token(ours, { tenant: 'acme', exp: 1 })),
      bearer(token(ours, { tenant: 'acme', iss: 'https://other.example' })),
      bearer(`${part({ alg: 'none' })}.${none}.`),
      bearer(`${zed.split('.')[0]}.${none}.${zed.split('.')[2]}`),
      { 'x-stowage-tenant': 'acme' },
      { 'x-api-key': acme },
    ];
    for (const headers of bad) {
      const got = await ask(router.http, 'POST', '/v2/models/secret/infer', { headers, body: '{}' });
      expect([headers, got.status, got.seen]).toEqual([headers, 401, null]);
    }
    expect(
      (await ask(router.http, 'POST', `/v2/models/secret/infer?access_token=${acme}`, { body: '{}' })).status,
    ).toBe(401);
    expect((await grpc.call('ModelInfer', naming('secret'))).code).toBe(16);
    // Verified, but of no tenant.
    for (const claims of [{}, { tenant: '' }, { tenant: ['acme'] }, { tenant: { acme: 1 } }, { Tenant: 'acme' }]) {
      const headers = bearer(token(ours, claims));
      const got = await ask(router.http, 'POST', '/v2/models/secret/infer', { headers, body: '{}' });
      expect([claims, got.seen]).toEqual([claims, null]);
    }
  });

  const askPath = (path: string, jwt: string) =>
    seenDuring(() =>
      askRaw(
        router.http,
        `POST ${path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${jwt}\r\n` +
          'x-stowage-openai: 1\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}',
        3000,
      ),
    );

  it.each(paths)('path %s', async (path) => {
    expect((await askPath(path, zed)).filter((text) => /acme|secret/i.test(text))).toEqual([]);
  });

  it('by HTTP/2: the same paths', async () => {
    const through = { zed: 0, acme: 0 };
    for (const [who, jwt] of [
      ['zed', zed],
      ['acme', acme],
    ] as const) {
      for (const path of paths) {
        const seen = await seenDuring(() =>
          askHttp2(router.http, { ':method': 'POST', ':path': path, ...bearer(jwt) }),
        );
        if (who === 'zed') expect([path, seen.filter((text) => /acme|secret/i.test(text))]).toEqual([path, []]);
        through[who] += seen.length;
      }
    }
    expect(through.acme).toBeGreaterThan(15);
  });

  it.each(reads)('read %s', async (path) => {
    for (const method of ['GET', 'POST', 'HEAD']) {
      const seen = await seenDuring(async () => {
        const { body } = await ask(router.http, method, path, { headers: bearer(zed) });
        expect(body).not.toMatch(/acme|secret/);
      });
      expect([method, ...seen.filter((text) => /acme|secret/i.test(text))]).toEqual([method]);
    }
  });

  it('would let many of these through with the owner’s token', async () => {
    let through = 0;
    for (const path of paths) if ((await askPath(path, acme)).length > 0) through++;
    expect(through).toBeGreaterThan(15);
  });

  it.each(rawHeaders)('header: %s', async (_, headers) => {
    for (const model of ['own', 'secret', 'acme~secret~1']) {
      const seen = await seenDuring(() =>
        askRaw(
          router.http,
          `POST /v2/models/${model}/infer HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${zed}\r\n${headers}\r\n${tail}`,
          1500,
        ),
      );
      expect(seen.filter((text) => /acme|secret/.test(text))).toEqual([]);
    }
  });

  it('finds no request smuggled behind another', async () => {
    const inner = `POST /v2/models/acme~secret~1/infer HTTP/1.1\r\nhost: h\r\nx-stowage-tenant: acme\r\n${tail}`;
    const head = `POST /v2/models/own/infer HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${zed}\r\n`;
    const seen = await seenDuring(async () => {
      await askRaw(router.http, `${head}content-length: 0\r\n\r\n${inner}`, 600, true);
      await askRaw(
        router.http,
        `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
        600,
        true,
      );
      await askRaw(router.http, `${head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`, 600, true);
      await askRaw(router.http, `${head}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${inner}`, 600, true);
      await askRaw(
        router.http,
        `${head}content-length: 0\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`,
        600,
        true,
      );
    });
    expect(seen.filter((text) => /acme|secret/.test(text))).toEqual([]);
  });

  it.each(bodies)('body: %s', async (_, body) => {
    for (const path of ['/v1/completions', '/v1/chat/completions', '/v1/embeddings']) {
      const seen = await seenDuring(() =>
        askRaw(
          router.http,
          `POST ${path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${zed}\r\ncontent-type: application/json\r\n` +
            `connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
          3000,
        ),
      );
      // A body may mention acme; the model that a reader of JSON takes from it may not.
      const models = seen.map((text) => (JSON.parse(text.slice(text.indexOf(' ') + 1)) as { model: string }).model);
      expect(models.filter((model) => !model.startsWith('zed~'))).toEqual([]);
    }
  });

  it.each(messages)('gRPC: %s', async (_, message, metadata) => {
    const seen = await seenDuring(() => grpc.call('ModelInfer', message, { ...bearer(zed), ...metadata }));
    for (const text of seen)
      expect(lastName(Buffer.from(text.slice(text.indexOf(' ') + 1), 'latin1'))).toMatch(/^zed~/);
  });

  it.each(grpcPaths)('gRPC path %s', async (path) => {
    const message = naming('acme~secret~1');
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
    const headers = {
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      ...bearer(zed),
    };
    for (const model of [{}, { 'x-stowage-model': 'own' }, { 'x-stowage-model': 'acme~secret~1' }]) {
      for (const port of [router.grpc, router.http]) {
        const seen = await seenDuring(() => askHttp2(port, { ...headers, ...model }, frame));
        for (const text of seen)
          expect(lastName(Buffer.from(text.slice(text.indexOf(' ') + 1), 'latin1'))).toMatch(/^zed~/);
      }
    }
  });

  it('reads of one’s own models alone by gRPC, too', async () => {
    for (const method of ['ModelReady', 'ModelMetadata'] as const) {
      for (const model of ['secret', 'acme~secret', 'acme~secret~1', 'ACME~secret~1', 'own/../secret']) {
        expect((await grpc.call(method, naming(model), bearer(zed))).code).toBe(5);
        const own = await grpc.call(method, naming(model), { ...bearer(zed), 'x-stowage-model': 'own' });
        expect(lastName(Buffer.from(own.message, 'latin1'))).toBe('zed~own~1');
      }
      expect((await grpc.call(method, naming('secret'), bearer(acme))).message).toContain('acme~secret~1');
    }
  });

  it('serves nothing else by gRPC', async () => {
    expect((await grpc.call('RepositoryModelUnload', naming('secret'), bearer(zed))).code).toBe(12);
    const seen = await seenDuring(async () => {
      // Open to all, as by REST; it leads to no pod.
      expect((await grpc.call('ServerLive', naming(''))).code).toBe(0);
      const scope = { 'x-stowage-model': '/:server', 'x-stowage-tenant': '/' };
      expect((await grpc.call('ModelInfer', naming('secret'), { ...bearer(zed), ...scope })).code).toBe(5);
    });
    expect(seen).toEqual([]);
  });
});

describe.skipIf(envoy.missing !== null)(`tenants apart, by API key (${envoy.missing ?? 'real Envoy'})`, () => {
  it('takes the key by either header, hides it, and keeps tenants apart', async () => {
    const pod = await startEchoPod('p');
    const socketPath = `/tmp/stowage-keys-${process.pid}-${await freePort()}.sock`;
    const xds = await createXdsServer({ socketPath, keying: 'tenant-and-name' });
    const keys = ['acme', 'zed'].map((tenant) => ({ key: `key-of-${tenant}`, tenant }));
    const router = await startEnvoy(envoy.path as string, { socketPath, authentication: { type: 'api-key', keys } });
    const grpc = grpcClient(router.grpc);
    try {
      const shard = { shard: 's', protocols: ['v2-rest', 'v2-grpc'] as const, pods: [pod.endpoint] };
      await Promise.all([router.live(), xds.apply(stateOf(routes, [shard]))]);
      const infer = (model: string, headers: Record<string, string>) =>
        ask(router.http, 'POST', `/v2/models/${model}/infer`, { headers, body: '{}' });
      for (const headers of [{ 'x-api-key': 'key-of-zed' }, { authorization: 'Bearer key-of-zed' }]) {
        const { seen } = await infer('own', headers);
        expect(seen?.path).toBe('/v2/models/zed~own~1/infer');
        expect(JSON.stringify(seen?.headers)).not.toContain('key-of');
        for (const model of ['secret', 'acme~secret~1'])
          expect(await infer(model, { ...headers, 'x-stowage-tenant': 'acme' })).toMatchObject({
            status: 404,
            seen: null,
          });
      }
      expect((await infer('own', {})).status).toBe(401);
      expect((await infer('own', { 'x-api-key': 'other' })).status).toBe(401);
      expect((await grpc.call('ModelInfer', naming('own'), { 'x-api-key': 'key-of-zed' })).message).toContain(
        'zed~own~1',
      );
      expect((await grpc.call('ModelInfer', naming('secret'), { 'x-api-key': 'key-of-zed' })).code).toBe(5);
    } finally {
      grpc.close();
      await xds.close();
      await router.stop();
      await pod.close();
    }
  });
});

/** Field 1 of a protobuf message as its readers take it: the last one. */
function lastName(message: Buffer): string {
  let at = 0;
  let name = '';
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 0) varint();
    else if (kind === 2) {
      const size = varint();
      if (Math.floor(tag / 8) === 1) name = message.subarray(at, at + size).toString();
      at += size;
    } else at += kind === 1 ? 8 : 4;
  }
  return name;
}
