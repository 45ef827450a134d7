import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { diagnostic, StowageError } from '../../errors/stowage-error';

export interface KubernetesAccess {
  readonly host: string;
  readonly port: number;
  readonly ca: string | Buffer;
  /** Read for each request: the kubelet renews it. null: the certificate speaks. */
  readonly token: (() => string) | null;
  readonly certificate?: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

/** The account that the kubelet mounts. @throws StowageError STW6002 where there is none */
export function serviceAccountAccess(folder: string, host: string, port: number): KubernetesAccess {
  try {
    const ca = readFileSync(join(folder, 'ca.crt'));
    const token = () => readFileSync(join(folder, 'token'), 'utf8').trim();
    token();
    return { host, port, ca, token };
  } catch (error) {
    throw unusable(`no service account in ${folder}: ${(error as Error).message}`);
  }
}

/** The part of a Kubernetes object that is read here. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Requests to the API server; no answer is larger than a page of a list or one watched object. */
export class KubernetesApi {
  private readonly agent: Agent;

  constructor(private readonly access: KubernetesAccess) {
    const { ca, certificate } = access;
    this.agent = new Agent({ ca, keepAlive: true, ...(certificate ?? {}) });
  }

  close(): void {
    this.agent.destroy();
  }

  /** @throws ApiError, or whatever the connection fails with */
  async get<T>(path: string, timeoutMs: number, signal: AbortSignal): Promise<T> {
    const response = await this.open(path, timeoutMs, signal);
    return JSON.parse(await textOf(response)) as T;
  }

  /** The lines of a watch, until it ends, and an empty one at its start; fails when nothing comes for `idleMs`. */
  async *lines(path: string, idleMs: number, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.open(path, idleMs, signal);
    yield '';
    let rest: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        rest.push(chunk.subarray(from, end));
        const line = Buffer.concat(rest).toString('utf8');
        rest = [];
        from = end + 1;
        if (line !== '') yield line;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  }

  private async open(path: string, idleMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    const { host, port, token } = this.access;
    const headers = {
      accept: 'application/json',
      'user-agent': 'stowage-meshd',
      ...(token === null ? {} : { authorization: `Bearer ${token()}` }),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({ host, port, path, headers, agent: this.agent, signal }, resolve);
      sent.setTimeout(idleMs, () => sent.destroy(new Error(`the API server was silent for ${idleMs} ms`)));
      sent.on('error', reject);
      sent.end();
    });
    if (response.statusCode === 200) return response;
    const text = await textOf(response);
    throw new ApiError(response.statusCode ?? 0, messageOf(text) ?? `HTTP ${response.statusCode}`);
  }
}

export function unusable(problem: string): StowageError {
  return new StowageError([diagnostic('STW6002', problem)]);
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function messageOf(text: string): string | null {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}
