import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

/** The server's own answer; all else that a request fails with is the connection's. */
export class KubeError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string; 'certificate-authority': string } }[];
  readonly users: readonly { readonly user: { 'client-certificate': string; 'client-key': string } }[];
}

const timeoutMs = 10_000;

/** What a kubelet needs of the API server; shares no code with the sources under test. */
export class KubeClient {
  readonly server: URL;
  private readonly agent: Agent;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
    const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
    if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} names no cluster or no user`);
    this.server = new URL(cluster.server);
    this.agent = new Agent({
      ca: readFileSync(cluster['certificate-authority']),
      cert: readFileSync(user['client-certificate']),
      key: readFileSync(user['client-key']),
      keepAlive: true,
    });
  }

  close(): void {
    this.agent.destroy();
  }

  /** @throws KubeError, or what the connection fails with */
  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.open(method, path, timeoutMs, options);
    return JSON.parse(await textOf(response)) as T;
  }

  /** Ends when the server ends it; fails where nothing, not even a bookmark, comes for `idleMs`. */
  async *watch<T>(path: string, idleMs: number, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const response = await this.open('GET', path, idleMs, { signal });
    let rest = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent<T>;
    }
  }

  private async open(method: string, path: string, idleMs: number, options: CallOptions): Promise<IncomingMessage> {
    const { body, contentType = 'application/json', signal } = options;
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
    };
    const { hostname, port } = this.server;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const target = { hostname, port, path, method, headers, agent: this.agent };
      const sent = request(signal === undefined ? target : { ...target, signal }, resolve);
      sent.setTimeout(idleMs, () => sent.destroy(new Error(`the API server was silent for ${idleMs} ms`)));
      sent.on('error', reject);
      sent.end(text);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw new KubeError(status, `${method} ${path}: HTTP ${status}: ${(await textOf(response)).slice(0, 400)}`);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text;
}
