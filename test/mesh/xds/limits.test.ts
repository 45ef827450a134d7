import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { ask, grpcClient, naming, route, stateOf } from './asking';
import { type EchoPod, startEchoPod } from './echo-pod';
import { findEnvoy, type RunningEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();
const mebi = 1024 * 1024;

describe.skipIf(envoy.missing !== null)(`how much of a request is held (${envoy.missing ?? 'real Envoy'})`, () => {
  let pod: EchoPod;
  let router: RunningEnvoy;
  let xds: Awaited<ReturnType<typeof createXdsServer>>;
  let grpc: ReturnType<typeof grpcClient>;
  beforeAll(async () => {
    pod = await startEchoPod('p');
    router = await startEnvoy(envoy.path as string, { maxRequestBytes: 2 * mebi, maxOpenAiBytes: 100_000 });
    xds = await createXdsServer({ socketPath: router.socketPath, keying: 'name' });
    const protocols = ['v2-rest', 'v2-grpc', 'openai'] as const;
    await xds.apply(stateOf([route('m', 'default~m~1', 's')], [{ shard: 's', protocols, pods: [pod.endpoint] }]));
    await router.live();
    grpc = grpcClient(router.grpc);
  }, 60_000);
  afterAll(async () => {
    grpc?.close();
    await router?.stop();
    await xds?.close();
    await pod?.close();
  });

  /** A message of so many bytes that names the model after its tensors, where a reader must walk past them. */
  const large = (bytes: number) =>
    Buffer.concat([
      Buffer.from('\x3a', 'latin1'),
      Buffer.from([0x80 | (bytes & 127), 0x80 | ((bytes >> 7) & 127), 0x80 | ((bytes >> 14) & 127), bytes >> 21]),
      Buffer.alloc(bytes, 'x'),
      naming('m'),
    ]);

  it('reads the name from a large gRPC message without metadata, and refuses one that is too large', async () => {
    const sent = large(2 * mebi - 100);
    const answer = await grpc.call('ModelInfer', sent);
    expect(answer.code).toBe(0);
    expect(answer.message.startsWith(`${sent.toString('latin1')}\x0a\x0bdefault~m~1\x12\x00`)).toBe(true);
    pod.seen.length = 0;
    const refused = await grpc.call('ModelInfer', large(3 * mebi));
    // What Envoy makes of its 413.
    expect(refused).toMatchObject({ code: 2, details: 'Payload Too Large' });
    expect(pod.seen).toEqual([]);
    expect((await grpc.call('ModelInfer', naming('m'))).code).toBe(0);
  });

  it('holds an OpenAI body up to its limit, and REST bodies without one', async () => {
    const body = (bytes: number) => JSON.stringify({ prompt: 'x'.repeat(bytes), model: 'm' });
    const { seen } = await ask(router.http, 'POST', '/v1/completions', { body: body(90_000) });
    expect(seen?.body).toContain('"model":"default~m~1"');
    pod.seen.length = 0;
    for (const bytes of [110_000, 5 * mebi]) {
      const { status } = await ask(router.http, 'POST', '/v1/completions', { body: body(bytes) });
      expect({ bytes, status }).toEqual({ bytes, status: 413 });
    }
    expect(pod.seen).toEqual([]);
    const infer = await ask(router.http, 'POST', '/v2/models/m/infer', { body: body(5 * mebi) });
    expect(infer.seen?.body).toHaveLength(body(5 * mebi).length);
  });
});
