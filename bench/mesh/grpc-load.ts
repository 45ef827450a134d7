import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Load } from './load';

export interface Call {
  readonly metadata: Readonly<Record<string, string>>;
  readonly message: Buffer;
}

export interface GrpcLoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Of each connection: calls at a time. */
  readonly streams: number;
  readonly ms: number;
  next(): Call;
}

const headers = {
  ':method': 'POST',
  ':path': '/inference.GRPCInferenceService/ModelInfer',
  'content-type': 'application/grpc',
  te: 'trailers',
};

/** Bounded load of ModelInfer calls by a plain HTTP/2 client. */
export async function grpcLoad({ port, connections, streams, ms, next }: GrpcLoadOptions): Promise<Load> {
  const times: number[] = [];
  let failures = 0;
  const end = performance.now() + ms;
  const sessions = Array.from({ length: connections }, () => connect(`http://127.0.0.1:${port}`));
  for (const session of sessions) session.on('error', () => undefined);
  const client = async (session: ClientHttp2Session) => {
    while (performance.now() < end) {
      const sent = performance.now();
      const status = await call(session, next());
      if (status !== '0') failures++;
      times.push(performance.now() - sent);
      if (session.destroyed) return;
    }
  };
  await Promise.all(sessions.flatMap((session) => Array.from({ length: streams }, () => client(session))));
  for (const session of sessions) session.close();
  times.sort((a, b) => a - b);
  return { requests: times.length, failures, p50: times[times.length >> 1] ?? Number.NaN };
}

/** The call's grpc-status; null: it had none. */
function call(session: ClientHttp2Session, { metadata, message }: Call): Promise<string | null> {
  return new Promise((done) => {
    if (session.destroyed) return done(null);
    const stream = session.request({ ...headers, ...metadata });
    let status: string | null = null;
    const read = (from: IncomingHttpHeaders) => {
      status = (from['grpc-status'] as string | undefined) ?? status;
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('error', () => undefined);
    stream.on('close', () => done(status));
    stream.resume();
    stream.end(message);
  });
}

/** A ModelInferRequest as it stands on the wire: a name, and raw input of so many bytes (at most 16,000). */
export function inferMessage(name: string, bytes: number): Buffer {
  const varint = (n: number) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
  const text = Buffer.from(name);
  const body = Buffer.concat([
    Buffer.from([10, ...varint(text.length)]),
    text,
    // Field 7: raw_input_contents.
    Buffer.from([58, ...varint(bytes)]),
    Buffer.alloc(bytes, 7),
  ]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}
