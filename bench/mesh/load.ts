import { connect } from 'node:net';

export interface Load {
  readonly requests: number;
  readonly failures: number;
  /** Milliseconds, median of all requests. */
  readonly p50: number;
}

export interface Asked {
  readonly path: string;
  /** More headers, each with its line's end. */
  readonly headers?: string;
}

export interface LoadOptions {
  readonly port: number;
  /** Each is a client with one request at a time. */
  readonly connections: number;
  readonly ms: number;
  next(): Asked;
  /** Least time from one request of a client to its next; absent: none. */
  readonly paceMs?: number;
  /** Ends it early. */
  over?(): boolean;
  onFailure?(asked: Asked, status: string): void;
}

/** Bounded load over HTTP/1.1. */
export async function load(options: LoadOptions): Promise<Load> {
  const { port, connections, ms, paceMs = 0, over = () => false, onFailure = () => undefined } = options;
  const times: number[] = [];
  let failures = 0;
  const end = performance.now() + ms;
  const client = () =>
    new Promise<void>((done) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let sent = 0;
      let asked: Asked = { path: '' };
      let waiting = false;
      const send = () => {
        sent = performance.now();
        if (sent > end || over()) {
          socket.destroy();
          return done();
        }
        asked = options.next();
        waiting = true;
        const { path, headers = '' } = asked;
        socket.write(`POST ${path} HTTP/1.1\r\nhost: bench\r\n${headers}content-length: 2\r\n\r\n{}`);
      };
      const failed = (status: string) => {
        failures++;
        onFailure(asked, status);
      };
      socket.on('connect', send);
      socket.on('data', (chunk) => {
        // An answer is short, and comes in one piece.
        waiting = false;
        if (chunk[9] !== 50) failed(chunk.toString('latin1', 9, 12));
        const took = performance.now() - sent;
        times.push(took);
        if (took < paceMs) setTimeout(send, paceMs - took);
        else send();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (waiting) failed('closed');
        done();
      });
    });
  await Promise.all(Array.from({ length: connections }, client));
  times.sort((a, b) => a - b);
  return { requests: times.length, failures, p50: times[times.length >> 1] ?? Number.NaN };
}
