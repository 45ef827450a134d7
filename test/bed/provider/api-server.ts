import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import type { Json, JsonObject } from './values';

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
}

/** An answer of the API server that is not 2xx: its `Status` object's message and causes. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly causes: readonly string[],
  ) {
    super(message);
  }
}

export interface ApiServer {
  /** Where an object is, its namespace filled in; @throws ApiError 404 where the kind is not served. */
  path(ref: ObjectRef): Promise<string>;
  get(path: string): Promise<JsonObject>;
  /** Server-side apply; conflicts with other managers' fields are errors. */
  apply(path: string, object: Json, options: { readonly dryRun: boolean }): Promise<JsonObject>;
  delete(path: string): Promise<void>;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

const fieldManager = 'stowage-bed-provider';

/** Talks to the first cluster of the kubeconfig at `file` as its first user, by client certificate. */
export function connect(file: string): ApiServer {
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
  const cluster = config.clusters[0]?.cluster ?? {};
  const user = config.users[0]?.user ?? {};
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 16,
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
  });
  const server = cluster.server ?? '';

  const send = (method: string, path: string, body?: Json, contentType = 'application/json'): Promise<JsonObject> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
      // Node sends no length with a DELETE unless told, and the server then refuses the body.
      const described = payload === null ? {} : { 'content-type': contentType, 'content-length': payload.length };
      const headers = { accept: 'application/json', ...described };
      const call = request(new URL(path, server), { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const code = response.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString('utf8');
          if (code >= 200 && code < 300) resolve(JSON.parse(text) as JsonObject);
          else reject(apiError(code, text));
        });
      });
      call.on('error', reject);
      call.end(payload ?? undefined);
    });

  const discovered = new Map<string, Promise<JsonObject>>();
  const discover = (group: string): Promise<JsonObject> => {
    const known = discovered.get(group) ?? send('GET', group);
    discovered.set(group, known);
    return known;
  };

  return {
    async path(ref) {
      const group = ref.apiVersion.includes('/') ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
      const list = (await discover(group)).resources as unknown as readonly Resource[];
      const resource = list.find((entry) => entry.kind === ref.kind && !entry.name.includes('/'));
      if (resource === undefined)
        throw new ApiError(404, `the server does not serve ${ref.apiVersion} ${ref.kind}`, []);
      const namespace = resource.namespaced ? `/namespaces/${ref.namespace ?? 'default'}` : '';
      return `${group}${namespace}/${resource.name}/${ref.name}`;
    },
    get: (path) => send('GET', path),
    apply(path, object, { dryRun }) {
      const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      return send('PATCH', `${path}?${query}`, object, 'application/apply-patch+yaml');
    },
    async delete(path) {
      await send('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' });
    },
  };
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** A certificate or key that stands in the kubeconfig itself or in a file that it names. */
function pem(entry: Readonly<Record<string, string>>, field: string): Buffer {
  const inline = entry[`${field}-data`];
  return inline === undefined ? readFileSync(entry[field] ?? '') : Buffer.from(inline, 'base64');
}

function apiError(code: number, text: string): ApiError {
  try {
    const status = JSON.parse(text) as {
      message?: string;
      details?: { causes?: readonly { field?: string; message?: string }[] };
    };
    const causes = (status.details?.causes ?? []).map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`);
    return new ApiError(code, status.message ?? text, causes);
  } catch {
    return new ApiError(code, `HTTP ${code}: ${text.slice(0, 500)}`, []);
  }
}
