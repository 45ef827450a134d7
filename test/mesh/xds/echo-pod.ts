import { createServer } from 'node:http';
import { Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import type { PodEndpoint } from '../../../src/mesh/route-state';

/** What a pod saw of a request; REST answers carry it as JSON. */
export interface Seen {
  readonly pod: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface EchoPod {
  readonly endpoint: PodEndpoint;
  /** All requests so far, REST and gRPC. */
  readonly seen: Seen[];
  /** How the next REST requests are answered. */
  answer: { status: number; delayMs: number };
  /** Served names that it has in memory; others are answered 404. null: all. */
  holds: Set<string> | null;
  close(): Promise<void>;
}

const raw = (bytes: Buffer): Buffer => bytes;
const method = (name: string, streams: boolean) => ({
  path: `/inference.GRPCInferenceService/${name}`,
  requestStream: streams,
  responseStream: streams,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
});

/** The inference service with messages as bytes; fields are read and written by the tests. */
export const inferenceService = {
  ModelInfer: method('ModelInfer', false),
  ModelReady: method('ModelReady', false),
  ModelMetadata: method('ModelMetadata', false),
  ServerLive: method('ServerLive', false),
  ServerReady: method('ServerReady', false),
  ServerMetadata: method('ServerMetadata', false),
  RepositoryModelUnload: method('RepositoryModelUnload', false),
} satisfies ServiceDefinition;

/** A model server's double that answers with what it saw: JSON by REST, the message's bytes by gRPC. */
export async function startEchoPod(pod: string): Promise<EchoPod> {
  const seen: Seen[] = [];
  const self: Pick<EchoPod, 'answer' | 'holds'> = { answer: { status: 200, delayMs: 0 }, holds: null };
  const lacks = (text: string) => self.holds !== null && ![...self.holds].some((served) => text.includes(served));
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Seen = {
        pod,
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('latin1'),
      };
      seen.push(one);
      const { delayMs } = self.answer;
      const code = lacks(one.path) ? 404 : self.answer.status;
      setTimeout(() => {
        response.writeHead(code, { 'content-type': 'application/json' });
        response.end(JSON.stringify(one));
      }, delayMs);
    });
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));

  const grpc = new Server();
  const echo = (
    call: { request: Buffer; metadata: { getMap(): Record<string, unknown> }; getPath(): string },
    reply: (error: null | { code: number; message: string }, answer?: Buffer) => void,
  ) => {
    seen.push({
      pod,
      method: 'GRPC',
      path: call.getPath(),
      headers: call.metadata.getMap(),
      body: call.request.toString('latin1'),
    });
    const { status: code } = self.answer;
    if (lacks(call.request.toString('latin1'))) reply({ code: status.NOT_FOUND, message: 'not in memory' });
    else if (code === 503) reply({ code: status.UNAVAILABLE, message: 'not here' });
    else
      reply(
        null,
        Buffer.concat([call.request, Buffer.from(`\x9a\x06${String.fromCharCode(pod.length)}${pod}`, 'latin1')]),
      );
  };
  grpc.addService(inferenceService, Object.fromEntries(Object.keys(inferenceService).map((name) => [name, echo])));
  const grpcPort = await new Promise<number>((done, fail) =>
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? done(port) : fail(error),
    ),
  );

  const { port } = http.address() as { port: number };
  return Object.assign(self, {
    endpoint: {
      pod,
      shard: `shard-of-${pod}`,
      address: '127.0.0.1',
      http: port,
      grpc: grpcPort,
      proxy: port,
      zone: null,
    },
    seen,
    close: async () => {
      grpc.forceShutdown();
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  });
}
