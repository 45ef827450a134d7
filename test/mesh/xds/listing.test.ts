import { expect, it } from 'vitest';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { ask, route, stateOf } from './asking';
import { startEchoPod } from './echo-pod';
import { findEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();

it.skipIf(envoy.missing !== null)(
  `the list of models is asked for the caller's own tenant, whatever it says of itself (${envoy.missing ?? 'real Envoy'})`,
  async () => {
    // It stands for meshd: it answers with what it was asked.
    const meshd = await startEchoPod('meshd');
    const router = await startEnvoy(envoy.path as string, {
      meshdPort: meshd.endpoint.http,
      authentication: { type: 'api-key', keys: [{ key: 'k-acme', tenant: 'acme' }] },
    });
    const xds = await createXdsServer({ socketPath: router.socketPath, keying: 'tenant-and-name' });
    try {
      const shard = { shard: 's', protocols: ['v2-rest', 'v1-rest', 'openai'] as const, pods: [] };
      await xds.apply(stateOf([route('m', 'acme~m~1', 's', { tenant: 'acme' })], [shard]));
      const list = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
        ask(router.http, method, path, { headers: { 'x-api-key': 'k-acme', ...headers } });
      for (let i = 0; (await list('/v1/models').catch(() => null))?.status !== 200; i++) {
        if (i > 500) throw new Error(router.log());
        await new Promise((done) => setTimeout(done, 20));
      }
      const forged = { 'x-stowage-lister': 'zed', 'x-stowage-tenant': 'zed' };
      for (const [path, headers] of [
        ['/v1/models', {}],
        ['/v1/models', forged],
        ['/v1/models?limit=1', forged],
      ] as const) {
        const { seen } = await list(path, headers);
        expect(`${seen?.method} ${seen?.path} ${seen?.headers['x-stowage-lister']}`).toBe('GET /v1/models acme');
      }
      meshd.seen.length = 0;
      for (const path of ['/v1/models/:list', '/v1/models/%3Alist', '/v2/models/:list', '/v1/models/']) {
        for (const headers of [{}, forged, { ...forged, 'x-stowage-tenant': '/' }]) {
          expect({ path, status: (await list(path, headers)).status }).toEqual({ path, status: 404 });
        }
      }
      expect((await list('/v1/models', {}, 'POST')).status).toBe(404);
      expect((await ask(router.http, 'GET', '/v1/models')).status).toBe(401);
      expect(meshd.seen).toEqual([]);
    } finally {
      await router.stop();
      await xds.close();
      await meshd.close();
    }
  },
  60_000,
);
