import { createServer, request, type ServerResponse } from 'node:http';
import { Client, credentials, Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { ask, naming, route, stateOf } from './asking';
import { inferenceService } from './echo-pod';
import { findEnvoy, type RunningEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const timeoutMs = 300;

const streamInfer = {
  ...inferenceService.ModelInfer,
  path: '/inference.GRPCInferenceService/ModelStreamInfer',
  requestStream: true,
  responseStream: true,
} as const;

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** A model server that hands its streams to the test: gRPC's, and answers by REST whose body has begun. */
async function startStreamPod() {
  const streams: Stream[] = [];
  const answers: { path: string; body: string; response: ServerResponse }[] = [];
  const grpc = new Server();
  grpc.addService({ ModelStreamInfer: streamInfer }, { ModelStreamInfer: (stream: Stream) => streams.push(stream) });
  const grpcPort = await new Promise<number>((done, fail) =>
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? done(port) : fail(error),
    ),
  );
  const http = createServer((asked, response) => {
    let body = '';
    asked.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    asked.on('end', () => answers.push({ path: asked.url ?? '', body, response }));
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const { port } = http.address() as { port: number };
  return {
    streams,
    answers,
    endpoint: { pod: 'p', shard: 's', address: '127.0.0.1', http: port, grpc: grpcPort, proxy: port, zone: null },
    close: async () => {
      grpc.forceShutdown();
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
}

const arrival = async <T>(list: readonly T[], at = 0): Promise<T> => {
  for (let i = 0; i < 500 && list.length <= at; i++) await pause(10);
  const one = list[at];
  if (one === undefined) throw new Error('nothing arrived in 5 s');
  return one;
};

describe.skipIf(envoy.missing !== null)(`streams through Envoy (${envoy.missing ?? 'real'})`, () => {
  let pod: Awaited<ReturnType<typeof startStreamPod>>;
  let router: RunningEnvoy;
  let xds: Awaited<ReturnType<typeof createXdsServer>>;
  let client: Client;

  beforeAll(async () => {
    pod = await startStreamPod();
    router = await startEnvoy(envoy.path as string);
    xds = await createXdsServer({ socketPath: router.socketPath, keying: 'name' });
    const protocols = ['v2-rest', 'v2-grpc', 'openai'] as const;
    const iris = route('iris', 'default~iris~2', 's', { timeoutMs });
    await xds.apply(stateOf([iris], [{ shard: 's', protocols, pods: [pod.endpoint] }]));
    await router.live();
    client = new Client(`127.0.0.1:${router.grpc}`, credentials.createInsecure());
  }, 60_000);
  afterAll(async () => {
    client?.close();
    await router?.stop();
    await xds?.close();
    await pod?.close();
  });

  function open(metadata: Readonly<Record<string, string>>) {
    const all = new Metadata();
    for (const [key, value] of Object.entries(metadata)) all.set(key, value);
    const { path, requestSerialize, responseDeserialize } = streamInfer;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, all);
    const heard: string[] = [];
    call.on('data', (message: Buffer) => heard.push(message.toString('latin1')));
    const status = new Promise<number>((done) => call.on('status', ({ code }) => done(code)));
    call.on('error', () => undefined);
    return { call, heard, status };
  }

  it('carries gRPC messages both ways as they come, for longer than the model’s timeout', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { call, heard, status } = open({ 'x-stowage-model': 'iris', traceparent });
    const sent = (i: number) => naming('default~iris~2', `\x1a\x01${i}`);
    call.write(sent(0));
    const stream = await arrival(pod.streams);
    const got: string[] = [];
    stream.on('data', (message: Buffer) => got.push(message.toString('latin1')));
    stream.on('end', () => stream.end());
    expect(stream.metadata.get('traceparent')).toEqual([traceparent]);
    for (let i = 0; i < 4; i++) {
      if (i > 0) call.write(sent(i));
      expect(await arrival(got, i)).toBe(sent(i).toString('latin1'));
      // More answers than questions, and one that comes with none waiting.
      for (const part of ['a', 'b']) stream.write(Buffer.from(`${i}${part}`));
      expect([await arrival(heard, 2 * i), await arrival(heard, 2 * i + 1)]).toEqual([`${i}a`, `${i}b`]);
      await pause(timeoutMs / 2);
    }
    const large = Buffer.alloc(3 * 1024 * 1024, 'x');
    call.write(large);
    expect(await arrival(got, 4)).toHaveLength(large.length);
    call.end();
    expect(await status).toBe(0);
  });

  it('tells the model server that a caller has gone, and the caller what the server says', async () => {
    const at = pod.streams.length;
    const first = open({ 'mm-model-id': 'iris' });
    first.call.write(naming('default~iris~2'));
    const stream = await arrival(pod.streams, at);
    const gone = new Promise((done) => stream.on('cancelled', done));
    first.call.cancel();
    await gone;
    const second = open({ 'x-stowage-model': 'default~iris~2' });
    second.call.write(naming('default~iris~2'));
    (await arrival(pod.streams, at + 1)).emit('error', { code: 9, details: 'not like this' });
    expect(await second.status).toBe(9);
  });

  it('asks for the model in the metadata', async () => {
    expect(await open({}).status).toBe(3);
    expect(await open({ 'x-stowage-model': 'nope' }).status).toBe(5);
  });

  it.each([
    ['/v1/chat/completions', '{"model":"iris", "stream" : true }', '{"model":"default~iris~2", "stream" : true }'],
    ['/v1/completions', '{"stream":true,"model":"iris"}', '{"stream":true,"model":"default~iris~2"}'],
    ['/v2/models/iris/generate_stream', '{}', '{}'],
    ['/v2/models/iris/versions/2/generate_stream', '{}', '{}'],
  ])('passes each part of an answer by %s on before the next is there', async (path, body, reached) => {
    const at = pod.answers.length;
    const events: string[] = [];
    const ended = new Promise<boolean>((done) => {
      const sent = request({ host: '127.0.0.1', port: router.http, method: 'POST', path }, (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream');
        response.on('data', (chunk: Buffer) => events.push(chunk.toString()));
        response.on('close', () => done(response.complete));
      });
      sent.end(body);
    });
    const { response, body: asked } = await arrival(pod.answers, at);
    expect(asked).toBe(reached);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 0; i < 4; i++) {
      const event = `data: {"part":${i}}\n\n`;
      response.write(event);
      expect(await arrival(events, i)).toBe(event);
      await pause(timeoutMs / 2);
    }
    response.end();
    expect(await ended).toBe(true);
    expect(events).toHaveLength(4);
  });

  it('keeps to the model’s timeout until a stream begins', async () => {
    for (const [path, body] of [
      ['/v1/completions', '{"model":"iris","stream":true}'],
      ['/v2/models/iris/generate_stream', '{}'],
    ] as const) {
      const at = pod.answers.length;
      expect((await ask(router.http, 'POST', path, { body })).status).toBe(504);
      expect(pod.answers).toHaveLength(at + 1);
    }
  });

  it.each([
    ['/v1/completions', '{"model":"iris"}'],
    ['/v1/completions', '{"model":"iris","stream":false}'],
    ['/v1/completions', '{"model":"iris","x":{"stream":true},"y":"\\"stream\\":true"}'],
    ['/v2/models/iris/generate', '{}'],
    ['/v2/models/iris/infer', '{}'],
  ])('keeps to the model’s timeout where no stream was asked for: %s %s', async (path, body) => {
    expect((await ask(router.http, 'POST', path, { body })).status).toBe(504);
  });
});
