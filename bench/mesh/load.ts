import { connect } from 'node:net';

export interface Load {
  readonly requests: number;
  readonly failures: number;
  /** Milliseconds, median of all requests. */
  readonly p50: number;
}

/** Bounded load: `connections` clients, each with one request at a time, for `ms`. */
export async function load(
  port: number,
  connections: number,
  ms: number,
  /** Path, and more headers. */
  next: () => { readonly path: string; readonly headers?: string },
  until: () => boolean = () => false,
): Promise<Load> {
  const times: number[] = [];
  let failures = 0;
  const end = performance.now() + ms;
  const client = () =>
    new Promise<void>((done) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let sent = 0;
      const send = () => {
        sent = performance.now();
        if (sent > end || until()) {
          socket.destroy();
          return done();
        }
        const { path, headers = '' } = next();
        socket.write(`POST ${path} HTTP/1.1\r\nhost: bench\r\n${headers}content-length: 2\r\n\r\n{}`);
      };
      socket.on('connect', send);
      socket.on('data', (chunk) => {
        if (chunk[9] !== 50) failures++;
        times.push(performance.now() - sent);
        send();
      });
      socket.on('error', () => {
        failures++;
        done();
      });
      socket.on('close', () => done());
    });
  await Promise.all(Array.from({ length: connections }, client));
  times.sort((a, b) => a - b);
  return { requests: times.length, failures, p50: times[times.length >> 1] ?? Number.NaN };
}
