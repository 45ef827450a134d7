import { isAbort } from '../reason';

export interface ServerReply {
  readonly status: number;
  readonly text: string;
}

/** Short requests to the model server's HTTP port. */
export class ServerHttp {
  private readonly origin: string;

  constructor(
    host: string,
    port: number,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {
    this.origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  async get(path: string, timeoutMs = 5000): Promise<ServerReply> {
    return this.ask('GET', path, undefined, AbortSignal.timeout(timeoutMs));
  }

  async post(path: string, body: unknown, signal: AbortSignal): Promise<ServerReply> {
    return this.ask('POST', path, JSON.stringify(body), signal);
  }

  /** A server that refuses connections is gone; one that is late may only be busy. */
  async state(path: string): Promise<'up' | 'busy' | 'down'> {
    try {
      const { status } = await this.get(path, 3000);
      return status === 200 ? 'up' : 'busy';
    } catch (error) {
      if (isAbort(error)) return 'busy';
      const code = (error as { cause?: { code?: unknown } }).cause?.code;
      return code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' ? 'down' : 'busy';
    }
  }

  private async ask(method: string, path: string, body: string | undefined, signal: AbortSignal): Promise<ServerReply> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      signal,
      headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  }
}

/** Asks about many models, a few at a time. */
export async function filterServed(
  served: readonly string[],
  test: (name: string) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const rest = [...served];
  const worker = async (): Promise<void> => {
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) if (await test(name)) found.add(name);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return found;
}
