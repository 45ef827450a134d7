import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Authentication } from '../../../src/mesh/xds/auth';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { Authority, hasOpenssl } from '../source/certificates';
import { ask, grpcClient, naming, route, stateOf } from './asking';
import { type EchoPod, startEchoPod } from './echo-pod';
import { findEnvoy, freePort, type RunningEnvoy, startEnvoy } from './envoy-bed';
import { bearer, issuer, jwksOf, newKey, token } from './tokens';

type Jwks = Extract<Authentication, { type: 'jwt' }>['jwks'];

const envoy = findEnvoy();
const [first, second] = [newKey('first'), newKey('second')];

describe.skipIf(envoy.missing !== null)(`where tokens' keys come from (${envoy.missing ?? 'real Envoy'})`, () => {
  let folder: string;
  let pod: EchoPod;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stowage-jwks-'));
    pod = await startEchoPod('p');
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await pod?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startRouter(jwks: Jwks, refresh = '300s'): Promise<RunningEnvoy> {
    const socketPath = `/tmp/stowage-jwks-${process.pid}-${await freePort()}.sock`;
    const xds = await createXdsServer({ socketPath, keying: 'tenant-and-name' });
    closing.push(() => xds.close());
    const authentication = { type: 'jwt', issuer, tenantClaim: 'tenant', jwks } as const;
    const router = await startEnvoy(envoy.path as string, { socketPath, authentication }, (bootstrap) =>
      JSON.parse(JSON.stringify(bootstrap).replace('"cache_duration":"300s"', `"cache_duration":"${refresh}"`)),
    );
    closing.push(() => router.stop());
    const routes = ['acme', 'zed'].map((tenant) => route(`of-${tenant}`, `${tenant}~of-${tenant}~1`, 's', { tenant }));
    const state = stateOf(routes, [{ shard: 's', protocols: ['v2-rest', 'v2-grpc'], pods: [pod.endpoint] }]);
    await Promise.all([router.live(), xds.apply(state)]);
    return router;
  }

  const statusOf = async ({ http }: RunningEnvoy, jwt: string, model = 'of-acme'): Promise<number> => {
    return (await ask(http, 'POST', `/v2/models/${model}/infer`, { headers: bearer(jwt), body: '{}' })).status;
  };

  async function eventually(statuses: () => Promise<readonly number[]>, wanted: readonly number[]): Promise<void> {
    const end = performance.now() + 30_000;
    let got = await statuses();
    while (`${got}` !== `${wanted}` && performance.now() < end) {
      await sleep(100);
      got = await statuses();
    }
    expect(got).toEqual(wanted);
  }

  /** Tenants are told apart by both protocols. */
  async function tellsApart(router: RunningEnvoy): Promise<void> {
    const grpc = grpcClient(router.grpc);
    closing.push(() => grpc.close());
    for (const [tenant, other] of [
      ['acme', 'zed'],
      ['zed', 'acme'],
    ] as const) {
      const jwt = token(first, { tenant });
      await eventually(async () => [await statusOf(router, jwt, `of-${tenant}`)], [200]);
      expect(await statusOf(router, jwt, `of-${other}`)).toBe(404);
      const call = (model: string) => grpc.call('ModelInfer', naming(model), bearer(jwt));
      expect((await call(`of-${tenant}`)).message).toContain(`${tenant}~of-${tenant}~1`);
      expect((await call(`of-${other}`)).code).toBe(5);
    }
    expect(await statusOf(router, token(second, { tenant: 'acme' }))).toBe(401);
    expect((await grpc.call('ModelInfer', naming('of-acme'))).code).toBe(16);
  }

  async function serve(answer: RequestListener, authority?: Authority): Promise<{ server: Server; port: number }> {
    const server =
      authority === undefined ? createServer(answer) : createTlsServer(authority.issue('s', '/CN=s'), answer);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    });
    return { server, port: (server.address() as { port: number }).port };
  }

  it('a file: two keys at a time, and what replaces it counts from the next start of the router', async () => {
    const file = join(folder, 'jwks.json');
    writeFileSync(file, jwksOf(first));
    const router = await startRouter({ file });
    await tellsApart(router);
    writeFileSync(file, jwksOf(first, second));
    const both = await startRouter({ file });
    expect([
      await statusOf(both, token(first, { tenant: 'acme' })),
      await statusOf(both, token(second, { tenant: 'acme' })),
    ]).toEqual([200, 200]);
    writeFileSync(file, jwksOf(second));
    const rotated = await startRouter({ file });
    expect([
      await statusOf(rotated, token(first, { tenant: 'acme' })),
      await statusOf(rotated, token(second, { tenant: 'acme' })),
    ]).toEqual([401, 200]);
  });

  it('a URL: keys that come and go there do so here, and tokens of a withdrawn one with it', async () => {
    let keys = jwksOf(first);
    const { port } = await serve((_, response) => response.end(keys));
    const router = await startRouter({ url: `http://127.0.0.1:${port}/jwks.json` }, '2s');
    await tellsApart(router);
    const statuses = async () => [
      await statusOf(router, token(first, { tenant: 'acme' })),
      await statusOf(router, token(second, { tenant: 'acme' })),
    ];
    keys = jwksOf(first, second);
    await eventually(statuses, [200, 200]);
    keys = jwksOf(second);
    await eventually(statuses, [401, 200]);
  });

  it('a URL that is away, or answers what is no key set: the keys that are known still count', async () => {
    let answer: RequestListener = (_, response) => response.writeHead(503).end();
    const { port } = await serve((request, response) => answer(request, response));
    const router = await startRouter({ url: `http://127.0.0.1:${port}/jwks.json` }, '2s');
    expect(await statusOf(router, token(first, { tenant: 'acme' }))).toBe(401);
    let asked = 0;
    answer = (_, response) => response.end(jwksOf(first));
    await eventually(async () => [await statusOf(router, token(first, { tenant: 'acme' }))], [200]);
    answer = (_, response) => {
      asked++;
      if (asked % 2 === 0) response.writeHead(500).end();
      else response.end('<html>');
    };
    const end = performance.now() + 30_000;
    while (asked < 4 && performance.now() < end) {
      expect(await statusOf(router, token(first, { tenant: 'acme' }))).toBe(200);
      await sleep(100);
    }
    expect(asked).toBeGreaterThanOrEqual(4);
  });

  it.skipIf(!hasOpenssl)(
    'an https URL, of a server that the given authority vouches for by name, and no other',
    async () => {
      const authority = new Authority(folder);
      let asked = 0;
      const { port } = await serve((_, response) => {
        asked++;
        response.end(jwksOf(first));
      }, authority);
      const router = await startRouter({ url: `https://127.0.0.1:${port}/jwks.json`, caFile: join(folder, 'ca.crt') });
      await tellsApart(router);
      const trusted = asked;
      const other = mkdtempSync(join(folder, 'other-'));
      new Authority(other);
      const stranger = await startRouter({ url: `https://127.0.0.1:${port}/jwks.json`, caFile: join(other, 'ca.crt') });
      await sleep(2_000);
      expect(await statusOf(stranger, token(first, { tenant: 'acme' }))).toBe(401);
      expect(asked).toBe(trusted);
    },
  );
});
