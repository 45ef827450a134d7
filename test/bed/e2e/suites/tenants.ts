import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Authentication } from '../../../../src/mesh/xds/auth';
import { routerPorts } from '../../../../src/render/names';
import { grpcClient, type InferClient, restClient } from '../../../mesh/e2e/infer-clients';
import { askRaw, grpcClient as rawGrpcClient } from '../../../mesh/xds/asking';
import { bearer, issuer, jwksOf, newKey, token } from '../../../mesh/xds/tokens';
import { messages, paths, rawHeaders } from '../../../mesh/xds/tries';
import { FleetOnCluster } from '../fleet-on-cluster';
import { authenticatingRouterImage } from '../router-image';
import type { SumModel } from '../sum-models';
import { seconds, type UseCluster } from '../use-cluster';

const minutes = 60_000;
const model = (tenant: string, name: string): SumModel => ({ tenant, name, format: 'sklearn', replicas: 1 });
/** Number i adds i. All are on one pod, the hardest case. */
const models = [model('acme', 'secret'), model('acme', 'shared'), model('zed', 'own'), model('zed', 'shared')];
const key = newKey('k');
const tenants = ['acme', 'zed'] as const;
type Tenant = (typeof tenants)[number];
type Proof = Readonly<Record<string, string>>;

interface Way {
  readonly name: string;
  readonly image: string;
  readonly authentication: (folder: string) => Authentication;
  /** Headers by which a tenant shows who it is; all of them. */
  readonly proofs: (tenant: Tenant) => readonly [Proof, ...Proof[]];
  /** Headers of somebody else. */
  readonly stranger: Proof;
}

const ways: readonly Way[] = [
  {
    name: 'JWT, with keys from a file',
    image: 'registry.example/router-jwt:1',
    authentication: (folder) => {
      const file = join(folder, 'jwks.json');
      writeFileSync(file, jwksOf(key));
      return { type: 'jwt', issuer, tenantClaim: 'tenant', jwks: { file } };
    },
    proofs: (tenant) => [bearer(token(key, { tenant }))],
    stranger: bearer(token(newKey('k'), { tenant: 'acme' })),
  },
  {
    name: 'API key',
    image: 'registry.example/router-api-key:1',
    authentication: () => ({
      type: 'api-key',
      keys: tenants.map((tenant) => ({ key: `key-of-${tenant}`, tenant })),
    }),
    proofs: (tenant) => [{ authorization: `Bearer key-of-${tenant}` }, { 'x-api-key': `key-of-${tenant}` }],
    stranger: { 'x-api-key': 'key-of-nobody' },
  },
];

/** A fleet of two tenants, whose router is changed from one way of telling them apart to the next. */
export function tenantsSuite({ cluster, beforeAll, tell }: UseCluster): void {
  describe('a fleet of two tenants', () => {
    let fleet: FleetOnCluster;
    const closing: { close(): void }[] = [];

    beforeAll(async () => {
      for (const { image, authentication } of ways) {
        const { folder, routerImages } = cluster();
        routerImages.set(image, authenticatingRouterImage(folder, authentication(folder)));
      }
      const shape = { name: 'tenants', layout: 'copies', models, modelsPerShard: null, routers: 1 } as const;
      fleet = await FleetOnCluster.prepare(cluster(), { ...shape, routerImage: ways[0]?.image ?? '' });
      expect(fleet.planned.plan.summary.shardPods).toBe(1);
      const began = performance.now();
      await fleet.apply();
      await fleet.settled(3 * minutes);
      tell(`${models.length} models of two tenants on 1 pod, from apply to live: ${seconds(began)} s`);
    });

    afterAll(async () => {
      for (const client of closing) client.close();
      await fleet?.remove();
    }, 2 * minutes);

    describe.each(ways)('by $name', ({ name, image, proofs, stranger }) => {
      let host = '';
      const both = (proof: Proof): readonly InferClient[] => {
        const rest = restClient(`http://${host}:${routerPorts.http}`, proof);
        const grpc = grpcClient(`${host}:${routerPorts.grpc}`, proof);
        closing.push(rest, grpc);
        return [rest, grpc];
      };

      beforeAll(async () => {
        if (image !== ways[0]?.image) {
          fleet.files.declare({ routerImage: image });
          await fleet.apply();
        }
        await fleet.kubectl('rollout', 'status', `deployment/${fleet.planned.fleet.name}-router`, '--timeout=120s');
        // The one before may still be draining.
        host = fleet.routerOf(image);
      });

      test('each tenant reaches its own models by REST and gRPC, and is told nothing of others', async () => {
        for (const tenant of tenants) {
          for (const client of proofs(tenant).flatMap(both)) {
            for (const [i, { name, tenant: of = '' }] of models.entries()) {
              if (of !== tenant) continue;
              for (const asked of [name, `${of}~${name}`, `${of}~${name}~1`]) {
                expect(await client.infer(asked, [7])).toBeCloseTo(7 + i, 6);
              }
            }
            const other = tenant === 'acme' ? 'own' : 'secret';
            const whole = `${tenant === 'acme' ? 'zed' : 'acme'}~${other}~1`;
            for (const asked of [other, whole]) await expect(client.infer(asked, [7])).rejects.toThrow(/404|NOT_FOUND/);
          }
        }
      });

      test('nobody else reaches any', async () => {
        for (const proof of [{}, stranger, { 'x-stowage-tenant': 'acme' }]) {
          for (const client of both(proof)) {
            for (const { name } of models) {
              await expect(client.infer(name, [7])).rejects.toThrow(/401|UNAUTHENTICATED/);
            }
          }
        }
      });

      test('no trick of encoding, headers or metadata reaches the model of another tenant', async () => {
        let tries = 0;
        const zed = proofs('zed')[0];
        const tried = (answer: string, what: string): void => {
          tries++;
          expect([what, /acme|secret/i.exec(answer)?.[0]]).toEqual([what, undefined]);
        };
        for (const path of paths) tried(await post(host, path, zed), path);
        for (const [what, headers] of rawHeaders) {
          for (const asked of ['own', 'secret', 'acme~secret~1']) {
            tried(await post(host, `/v2/models/${asked}/infer`, zed, headers), `${what}, ${asked}`);
          }
        }
        const grpc = rawGrpcClient(routerPorts.grpc, host);
        closing.push(grpc);
        for (const [what, message, metadata] of messages) {
          const whole = Buffer.concat([message, inputs]);
          const { code, message: answer } = await grpc.call('ModelInfer', whole, { ...zed, ...metadata });
          tried(answer, `gRPC: ${what} (${code})`);
        }
        let through = 0;
        for (const path of paths) {
          if ((await post(host, path, proofs('acme')[0])).includes('"model_name":"acme~secret~1"')) through++;
        }
        expect(through).toBeGreaterThan(15);
        tell(
          `by ${name}: ${tries} tries reached nothing; with the owner's own proof ${through} of ${paths.length} paths do`,
        );
      });
    });
  });
}

const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP64', shape: [1, 1], data: [7] }] });

/** The answer's body: its headers may say again what was asked for. */
async function post(host: string, path: string, proof: Proof, more = 'x-stowage-openai: 1'): Promise<string> {
  const own = Object.entries(proof).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\nhost: h\r\n${own.join('')}${more}\r\ncontent-type: application/json\r\n`;
  const rest = `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
  const answer = await askRaw(routerPorts.http, head + rest, 3000, false, host);
  const end = answer.indexOf('\r\n\r\n');
  return end < 0 ? '' : answer.slice(end);
}

/** The same as fields of a gRPC request, after whatever names the model. */
const inputs = Buffer.from(
  '\x2a\x19\x0a\x01x\x12\x04FP64\x1a\x02\x01\x01\x2a\x0a\x3a\x08\x00\x00\x00\x00\x00\x00\x1c\x40',
  'latin1',
);
