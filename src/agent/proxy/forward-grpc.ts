import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { ServerAddress } from '../adapters/adapter';
import { modelNameIn } from '../adapters/server-grpc';
import { reasonOf } from '../reason';
import { type Admit, passedOn } from './requests';

const methods = /^\/inference\.GRPCInferenceService\/Model(?:Infer|Ready|Metadata|StreamInfer)$/;
/** The name is known when the first message is there whole; its order of fields is the client's. */
const messageLimit = 128 * 2 ** 20;

const codes = { notFound: 5, exhausted: 8, unimplemented: 12, unavailable: 14 } as const;

export class GrpcForwarder {
  private session: ClientHttp2Session | null = null;

  constructor(
    private readonly server: () => ServerAddress | null,
    private readonly admit: Admit,
  ) {}

  handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined);
    this.answer(stream, headers).catch((error: unknown) => refuse(stream, codes.unavailable, reasonOf(error)));
  }

  close(): void {
    this.session?.destroy();
  }

  private async answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    if (!methods.test(String(headers[':path']))) return refuse(stream, codes.unimplemented, 'no such method');
    const first = await firstMessage(stream);
    if (first === null) return refuse(stream, codes.exhausted, 'the message is too long, compressed or broken off');
    const served = modelNameIn(first.message);
    const admission = served === null ? ({ kind: 'unknown' } as const) : await this.admit(served);
    if (admission.kind === 'unknown') return refuse(stream, codes.notFound, `model ${served ?? ''} not found`);
    if (admission.kind !== 'ready') return refuse(stream, codes.unavailable, `not loaded: ${admission.reason}`);
    try {
      await this.forward(stream, headers, first.read);
    } finally {
      admission.done();
    }
  }

  private async forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, read: Buffer): Promise<void> {
    if (stream.destroyed) return;
    const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => passedOn(name)));
    const onward = this.connected().request({ ...sent, te: 'trailers', ':method': 'POST', ':path': headers[':path'] });
    const ended = relay(onward, stream);
    stream.on('close', () => onward.close());
    onward.write(read);
    stream.pipe(onward);
    await ended;
  }

  private connected(): ClientHttp2Session {
    const server = this.server();
    if (server === null || server.grpc === null) throw new Error('the model server has no gRPC port');
    if (this.session === null || this.session.closed || this.session.destroyed) {
      const host = server.host.includes(':') ? `[${server.host}]` : server.host;
      this.session = connect(`http://${host}:${server.grpc}`);
      this.session.on('error', () => undefined);
    }
    return this.session;
  }
}

/** Gives the server's answer to the caller, trailers and all. Resolves when it is over, rejects when nothing came. */
function relay(from: ClientHttp2Stream, to: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    let trailers: IncomingHttpHeaders = {};
    from.on('response', (headers, flags) => {
      const status = { ':status': headers[':status'] ?? 200 };
      const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => passedOn(name)));
      if (to.destroyed || to.headersSent) return;
      // A refusal is headers alone.
      if ((flags & 0x1) !== 0) {
        to.respond({ ...status, ...kept }, { endStream: true });
        return;
      }
      to.respond({ ...status, ...kept }, { waitForTrailers: true });
      to.on('wantTrailers', () => to.sendTrailers(trailers));
      from.pipe(to);
    });
    from.on('trailers', (headers) => {
      trailers = Object.fromEntries(Object.entries(headers).filter(([name]) => passedOn(name))) as IncomingHttpHeaders;
    });
    from.on('error', reject);
    from.on('close', () => (to.headersSent || to.destroyed ? resolve() : reject(new Error('the server broke off'))));
  });
}

interface FirstMessage {
  /** Without its five bytes of frame. */
  readonly message: Buffer;
  /** All that was read so far. */
  readonly read: Buffer;
}

/** Null: too long, compressed, or the caller ended before it was whole. */
function firstMessage(stream: ServerHttp2Stream): Promise<FirstMessage | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let needed = 5;
    const end = (result: FirstMessage | null): void => {
      stream.pause();
      stream.off('data', take);
      stream.off('end', stop);
      stream.off('close', stop);
      resolve(result);
    };
    const stop = (): void => end(null);
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < needed) return;
      const read = Buffer.concat(chunks);
      chunks.splice(0, chunks.length, read);
      needed = 5 + read.readUInt32BE(1);
      if (read[0] !== 0 || needed > messageLimit) stop();
      else if (size >= needed) end({ message: read.subarray(5, needed), read });
    };
    stream.on('data', take);
    stream.on('end', stop);
    stream.on('close', stop);
  });
}

function refuse(stream: ServerHttp2Stream, code: number, message: string): void {
  if (stream.destroyed || stream.headersSent) {
    stream.close();
    return;
  }
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(code),
      'grpc-message': message.replaceAll(/[^ -$&-~]/gu, encodeURIComponent),
    },
    { endStream: true },
  );
}
