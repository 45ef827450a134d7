import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A line to a server that breaks off, or spoils a byte, where it is told to. */
export class BadLine {
  readonly seen: Seen[] = [];
  private harm: { readonly url: RegExp; readonly after: number; readonly kind: 'cut' | 'spoil' } | null = null;
  private readonly server: Server;

  private constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.server = createServer((incoming, outgoing) => {
      const { method, url = '', headers } = incoming;
      this.seen.push({ url, headers });
      const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        const harm = answer.statusCode === 200 && this.harm?.url.test(url) ? this.harm : null;
        if (harm !== null) this.harm = null;
        let sent = 0;
        answer.on('data', (chunk: Buffer) => {
          if (harm !== null && sent + chunk.length > harm.after && sent <= harm.after) {
            const at = harm.after - sent;
            if (harm.kind === 'cut') {
              outgoing.write(chunk.subarray(0, at), () => setTimeout(() => outgoing.destroy(), 50));
              answer.destroy();
              return;
            }
            chunk[at] = (chunk[at] ?? 0) ^ 1;
          }
          sent += chunk.length;
          outgoing.write(chunk);
        });
        answer.on('end', () => outgoing.end());
        answer.on('error', () => undefined);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  static async to(target: string): Promise<BadLine> {
    const line = new BadLine(target);
    await new Promise<void>((done) => line.server.listen(0, '127.0.0.1', done));
    return line;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next answer to such a request. */
  cut(url: RegExp, after: number): void {
    this.harm = { url, after, kind: 'cut' };
  }
  spoil(url: RegExp, after: number): void {
    this.harm = { url, after, kind: 'spoil' };
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
