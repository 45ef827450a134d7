import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { StowageError } from '../errors/stowage-error';
import { parseSyncRequest, type SyncRequest, type SyncResponse } from '../protocol/agent-api';
import { reasonOf } from './reason';

/** What the API shows and sets in motion. */
export interface ApiBackend {
  readonly adminToken: string | null;
  /** False: this process is beyond help. */
  live(): boolean;
  ready(): boolean;
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
  /** Resolves when no router sends requests here any more, or when it has waited long enough. */
  drain(): Promise<void>;
  sync(request: SyncRequest, closed: AbortSignal): Promise<SyncResponse>;
}

/** A table has at most eight parts of 768 KiB; JSON escapes make it longer. */
const bodyLimit = 32 * 2 ** 20;

export function apiServer(backend: ApiBackend): Server {
  const server = createServer((request, response) => {
    answer(backend, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (StowageError.is(error)) sendJson(response, 400, { code: error.code, error: error.message });
      else sendJson(response, 500, { error: reasonOf(error) });
    });
  });
  // Routers keep their connection between two polls.
  server.keepAliveTimeout = 75_000;
  return server;
}

async function answer(backend: ApiBackend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0];
  const asked = `${request.method} ${path}`;
  switch (asked) {
    case 'GET /livez':
      return sendText(response, backend.live() ? 200 : 503, backend.live() ? 'ok' : 'not alive');
    case 'GET /readyz':
      return sendText(response, backend.ready() ? 200 : 503, backend.ready() ? 'ok' : 'not ready');
    case 'GET /drain':
      await backend.drain();
      return sendText(response, 200, 'drained');
    case 'GET /metrics': {
      const { type, body } = await backend.metrics();
      response.writeHead(200, { 'content-type': type });
      response.end(body);
      return;
    }
    case 'POST /v1/sync': {
      if (!authorized(backend.adminToken, request)) return sendJson(response, 401, { error: 'wrong or no token' });
      const body = await readBody(request);
      if (body === null) return sendJson(response, 413, { error: `more than ${bodyLimit} bytes` });
      const closed = new AbortController();
      response.on('close', () => closed.abort());
      const result = await backend.sync(parseSyncRequest(body), closed.signal);
      return sendJson(response, 200, result);
    }
    default:
      return sendJson(response, 404, { error: 'no such path' });
  }
}

function authorized(token: string | null, request: IncomingMessage): boolean {
  if (token === null) return true;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`));
}

/** Null: it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyLimit) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(`${text}\n`);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
