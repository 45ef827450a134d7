import {
  Agent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ServerAddress } from '../adapters/adapter';
import type { Admission } from '../manager';
import { reasonOf } from '../reason';
import { type Admit, isOpenAi, passedOn, servedInPath } from './requests';

/** OpenAI requests name their model in the body: read whole, up to here. */
const bodyLimit = 16 * 2 ** 20;

export class HttpForwarder {
  // Python servers close what is idle for 5 s: this side does so first.
  private readonly agent = new Agent({ keepAlive: true, timeout: 4000 });

  constructor(
    private readonly server: () => ServerAddress | null,
    private readonly admit: Admit,
  ) {}

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      // The router tries another pod.
      else refuse(response, 503, reasonOf(error), 1);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    const body = isOpenAi(url) ? await readBody(request) : null;
    const served = body === null ? servedInPath(url) : modelIn(body);
    if (served === null) return refuse(response, 404, 'no such path or model');
    const admission = await this.admit(served);
    if (admission.kind !== 'ready') return turnAway(response, served, admission);
    try {
      await this.forward(request, response, body);
    } finally {
      admission.done();
    }
  }

  private async forward(request: IncomingMessage, response: ServerResponse, body: Buffer | null): Promise<void> {
    // The caller may have gone while it waited.
    if (response.destroyed) return;
    const server = this.server();
    if (server === null) throw new Error('the model server is not known yet');
    const { host, http: port } = server;
    const { method = 'GET', url: path = '/' } = request;
    const headers = { ...passed(request.headers), host: `${host}:${port}` };
    const onward = httpRequest({ agent: this.agent, host, port, method, path, headers });
    response.on('close', () => onward.destroy());
    const reply = new Promise<IncomingMessage>((resolve, reject) => {
      onward.on('response', resolve);
      onward.on('error', reject);
    });
    if (body === null) pipeline(request, onward).catch(() => undefined);
    else onward.end(body);
    const answer = await reply;
    response.writeHead(answer.statusCode ?? 502, passed(answer.headers));
    await pipeline(answer, response);
  }
}

function passed(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && passedOn(name)) kept[name] = value;
  }
  return kept;
}

function turnAway(
  response: ServerResponse,
  served: string,
  admission: Exclude<Admission, { readonly kind: 'ready' }>,
): void {
  if (admission.kind === 'unknown') {
    refuse(response, 404, `model ${served} not found`);
    return;
  }
  const seconds = Math.max(1, Math.ceil(admission.retryAfterMs / 1000));
  refuse(response, 503, `model ${served} is not loaded: ${admission.reason}`, seconds);
}

function refuse(response: ServerResponse, status: number, error: string, retryAfter?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  });
  response.end(JSON.stringify({ error }));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyLimit) throw new Error(`the body has more than ${bodyLimit} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function modelIn(body: Buffer): string | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const model = (value as { model?: unknown } | null)?.model;
    return typeof model === 'string' ? model : null;
  } catch {
    return null;
  }
}
