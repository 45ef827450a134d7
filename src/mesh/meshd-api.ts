import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log';
import type { Meshd } from './meshd';
import { listerHeader } from './xds/listing';

export interface MeshdApiOptions {
  readonly meshd: Meshd;
  readonly envoyAdminPort: number | null;
  readonly routerDrainMs: number;
  /** A pod that is ending is gone after so long (default 60,000); else a container of it was restarted alone. */
  readonly graceMs?: number;
  readonly log: Log;
}

/** `/livez`, `/readyz`, `/metrics`, `/drain`, `/v1/models` and `/v1/state[?shard=ID][&models=all|problems|none]`. */
export function meshdApi(options: MeshdApiOptions): Server {
  let draining: Promise<void> | null = null;
  const { meshd, envoyAdminPort, graceMs = 60_000, log } = options;
  // Drained, perhaps, for the end of a meshd before this one.
  if (envoyAdminPort !== null) post(envoyAdminPort, '/healthcheck/ok').catch(() => undefined);
  const answer = async (
    url: URL,
    lister: string | readonly string[] | undefined,
    response: ServerResponse,
  ): Promise<void> => {
    switch (url.pathname) {
      case '/livez':
        return text(response, 200, 'ok');
      case '/readyz':
        if (draining !== null) return text(response, 503, 'about to end');
        return meshd.ready ? text(response, 200, 'ok') : text(response, 503, 'Envoy has no routes yet');
      case '/metrics': {
        const { registry } = meshd.metrics;
        response.setHeader('content-type', registry.contentType);
        response.end(await registry.metrics());
        return;
      }
      case '/v1/state': {
        const models = url.searchParams.get('models') ?? 'all';
        if (models !== 'all' && models !== 'problems' && models !== 'none') {
          return text(response, 400, 'models must be all, problems or none');
        }
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(meshd.state({ shard: url.searchParams.get('shard'), models })));
        return;
      }
      case '/v1/models': {
        // From Envoy, which has proven the tenant; its clients cannot set the header.
        const [tenant] = [lister].flat();
        if (tenant === undefined) return text(response, 400, `${listerHeader} must name a tenant`);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(modelList(meshd.names(tenant))));
        return;
      }
      case '/drain':
        // Both containers of the router ask: it is one drain.
        draining ??= drain(options).finally(() => {
          setTimeout(() => {
            draining = null;
            meshd.drained(false);
            if (envoyAdminPort !== null) post(envoyAdminPort, '/healthcheck/ok').catch(() => undefined);
          }, graceMs).unref();
        });
        await draining;
        return text(response, 200, 'drained');
      default:
        return text(response, 404, 'no such path');
    }
  };
  return createServer((asked, response) => {
    if (asked.method !== 'GET' && asked.method !== 'HEAD') {
      text(response, 405, 'GET only');
      return;
    }
    answer(new URL(asked.url ?? '/', 'http://meshd'), asked.headers[listerHeader], response).catch((error: unknown) => {
      log('error', 'a request failed', { path: asked.url, problem: String(error) });
      if (response.headersSent) response.destroy();
      else text(response, 500, 'failed');
    });
  });
}

/** As OpenAI's clients read it (`data`), and KServe's of v1 (`models`). */
function modelList(names: ReturnType<Meshd['names']>): object {
  return {
    object: 'list',
    data: names.map(({ name, tenant }) => ({ id: name, object: 'model', created: 0, owned_by: tenant })),
    models: names.map(({ name }) => name),
  };
}

/** Makes Envoy unready, so that no client finds it any more and connections are closed after their next answer. */
async function drain({ meshd, envoyAdminPort, routerDrainMs, log }: MeshdApiOptions): Promise<void> {
  log('info', 'the router is about to end');
  if (envoyAdminPort !== null) {
    await post(envoyAdminPort, '/healthcheck/fail').catch((error: Error) =>
      log('warn', 'Envoy does not answer', { problem: error.message }),
    );
  }
  await sleep(routerDrainMs);
  meshd.drained(true);
}

function post(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', timeout: 2_000 }, (response) => {
      response.resume();
      response.on('end', resolve);
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in 2 s')));
    sent.on('error', reject);
    sent.end();
  });
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${body}\n`);
}
