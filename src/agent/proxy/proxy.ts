import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { ServerAddress } from '../adapters/adapter';
import { GrpcForwarder } from './forward-grpc';
import { HttpForwarder } from './forward-http';
import type { Admit } from './requests';

/**
 * The port for on-demand models: HTTP/1 and gRPC on one. A request waits until its model is loaded, and keeps it loaded
 * while it runs; bodies are streamed, both ways.
 */
export class DemandProxy {
  private readonly http: HttpForwarder;
  private readonly grpc: GrpcForwarder;
  private readonly listener: Server;
  private readonly sockets = new Set<Socket>();

  constructor(server: () => ServerAddress | null, admit: Admit) {
    this.http = new HttpForwarder(server, admit);
    this.grpc = new GrpcForwarder(server, admit);
    const http1 = createHttpServer((request, response) => this.http.handle(request, response));
    // Longer than the router keeps an idle connection: it never sends a request into a closing one.
    http1.keepAliveTimeout = 75_000;
    http1.requestTimeout = 0;
    const http2 = createHttp2Server();
    http2.on('stream', (stream, headers) => this.grpc.handle(stream, headers));
    http2.on('sessionError', () => undefined);
    this.listener = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.once('data', (first: Buffer) => {
        socket.pause();
        socket.unshift(first);
        // "PRI * HTTP/2.0": no method of HTTP/1 that is served here begins so.
        const isHttp2 = first.toString('latin1', 0, 2) === 'PR';
        (isHttp2 ? http2 : http1).emit('connection', socket);
        if (!isHttp2) process.nextTick(() => socket.resume());
      });
    });
  }

  listen(port: number, host: string | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.listener.once('error', reject);
      this.listener.listen({ port, ...(host === null ? {} : { host }) }, resolve);
    });
  }

  close(): void {
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
    this.http.close();
    this.grpc.close();
  }
}
