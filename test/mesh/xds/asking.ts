import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ModelRoute, RouteState, ShardEndpoints } from '../../../src/mesh/route-state';
import { inferenceService, type Seen } from './echo-pod';

const loopback = '127.0.0.1';

export function route(name: string, served: string, shard: string, more: Partial<ModelRoute> = {}): ModelRoute {
  return { tenant: 'default', name, served, shard, residency: 'resident', timeoutMs: 5000, ...more };
}

/** Sorted as the contract asks. */
export function stateOf(routes: readonly ModelRoute[], shards: readonly ShardEndpoints[]): RouteState {
  const key = (route: ModelRoute) => `${route.tenant}\0${route.name}`;
  return {
    routes: [...routes].sort((a, b) => (key(a) < key(b) ? -1 : 1)),
    shards: [...shards].sort((a, b) => (a.shard < b.shard ? -1 : 1)),
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What the pod saw; null: no pod answered. */
  readonly seen: Seen | null;
}

const seenIn = (body: string): Seen | null => (body.startsWith('{"pod"') ? (JSON.parse(body) as Seen) : null);

/** One REST request, with the path sent as it is. */
export function ask(
  port: number,
  method: string,
  path: string,
  options: { headers?: Record<string, string | string[]>; body?: string } = {},
): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = options.headers ?? {};
    const sent = request({ host: '127.0.0.1', port, method, path, headers, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, body, seen: seenIn(body) }));
      response.on('error', fail);
    });
    sent.on('error', fail);
    sent.on('timeout', () => sent.destroy(new Error(`no answer: ${method} ${path}`)));
    sent.end(options.body);
  });
}

/** Bytes as they are; all that comes back until the first answer is whole, or (with `all`) until `waitMs` are over. */
export function askRaw(port: number, bytes: string, waitMs: number, all = false, host = loopback): Promise<string> {
  return new Promise((done) => {
    let text = '';
    const socket = connect(port, host, () => socket.write(Buffer.from(bytes, 'latin1')));
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      done(text);
    };
    const timer = setTimeout(end, waitMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: (\d+)/.exec(text.slice(0, head))?.[1];
      const chunked = text.includes('\r\ntransfer-encoding: chunked');
      const whole = chunked ? text.endsWith('\r\n0\r\n\r\n') : text.length >= head + 4 + Number(length ?? 0);
      if (!all && head > 0 && whole) end();
    });
    socket.on('close', end);
    socket.on('error', end);
  });
}

/** One request by HTTP/2, and nothing of its answer: only what the pods see of it counts. */
export function askHttp2(port: number, headers: Record<string, string>, body: Buffer | string = '{}'): Promise<void> {
  return new Promise((done) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const end = () => {
      session.destroy();
      done();
    };
    session.on('error', end);
    try {
      const sent = session.request(headers);
      sent.setTimeout(3000, end);
      sent.on('error', end);
      sent.on('close', end);
      sent.resume();
      sent.end(body);
    } catch {
      // Not even the client sends it.
      end();
    }
  });
}

export interface GrpcAnswer {
  readonly code: number;
  readonly details: string;
  /** The message as the pod saw it, followed by the pod's mark; empty: none. */
  readonly message: string;
}

/** Field 1 of a message (the model's name), and more bytes. */
export function naming(model: string, more = ''): Buffer {
  return Buffer.from(`${model === '' ? '' : `\x0a${String.fromCharCode(model.length)}${model}`}${more}`, 'latin1');
}

export function grpcClient(port: number, host = loopback) {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  return {
    close: () => client.close(),
    call: (
      method: keyof typeof inferenceService,
      message: Buffer,
      metadata: Readonly<Record<string, string | readonly string[]>> = {},
    ): Promise<GrpcAnswer> =>
      new Promise((done) => {
        const all = new Metadata();
        for (const [key, values] of Object.entries(metadata))
          for (const value of typeof values === 'string' ? [values] : values) all.add(key, value);
        const { path, requestSerialize, responseDeserialize } = inferenceService[method];
        const options = { deadline: Date.now() + 10_000 };
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, all, options, (error, reply) =>
          done({
            code: error?.code ?? 0,
            details: error?.details ?? '',
            message: reply?.toString('latin1') ?? '',
          }),
        );
      }),
  };
}
