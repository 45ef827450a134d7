import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelTableEntry } from '../../render/model-table';
import { agentError } from '../reason';
import type { Adapter, LoadOptions, ServerAddress } from './adapter';
import { soleFile } from './layout';
import { grpcCodes, ServerGrpc } from './server-grpc';
import { filterServed, ServerHttp } from './server-http';

const implementations: Readonly<Record<string, string>> = {
  catboost: 'mlserver_catboost.CatboostModel',
  huggingface: 'mlserver_huggingface.HuggingFaceRuntime',
  lightgbm: 'mlserver_lightgbm.LightGBMModel',
  mlflow: 'mlserver_mlflow.MLflowRuntime',
  sklearn: 'mlserver_sklearn.SKLearnModel',
  xgboost: 'mlserver_xgboost.XGBoostModel',
};

/**
 * MLServer reads every settings file of its repository at each load: so there is one at a time, away again after the
 * load, with an absolute path to the files, which lie in a hidden folder that MLServer does not search.
 */
export class MlserverAdapter implements Adapter {
  readonly keepsOnFailure = true;
  private readonly http: ServerHttp;
  private readonly grpc: ServerGrpc;
  private readonly desk: string;

  constructor(server: ServerAddress) {
    if (server.grpc === null) throw agentError('STW6106', 'MLServer needs a gRPC port: its REST hides why loads fail');
    this.http = new ServerHttp(server.host, server.http);
    this.grpc = new ServerGrpc(`${server.host}:${server.grpc}`);
    this.desk = join(server.repository, 'stowage-load');
  }

  async prepare(): Promise<void> {
    await rm(this.desk, { recursive: true, force: true });
  }

  state(): Promise<'up' | 'busy' | 'down'> {
    return this.http.state('/v2/health/live');
  }

  holding(served: readonly string[]): Promise<ReadonlySet<string>> {
    // Its index lists what is on disk, not what is loaded.
    return filterServed(served, async (name) => (await this.http.get(readyPath(name), 30_000)).status === 200);
  }

  async load(entry: ModelTableEntry, files: string, { timeoutMs }: LoadOptions): Promise<void> {
    const settings = await settingsOf(entry, files);
    await mkdir(this.desk, { recursive: true });
    try {
      await writeFile(join(this.desk, 'model-settings.json'), JSON.stringify(settings));
      const { code, details } = await this.grpc.load(entry.served, timeoutMs);
      if (code === grpcCodes.ok) return;
      if (code === grpcCodes.deadline) {
        throw agentError('STW6105', `MLServer did not load it within ${Math.round(timeoutMs / 1000)} s`);
      }
      throw agentError('STW6105', `MLServer: ${details === '' ? `gRPC status ${code}` : details}`);
    } finally {
      await rm(this.desk, { recursive: true, force: true });
    }
  }

  async unload(served: string, signal: AbortSignal): Promise<void> {
    const { code, details } = await this.grpc.unload(served, 60_000);
    if (code !== grpcCodes.ok && code !== grpcCodes.notFound) throw agentError('STW6105', `MLServer: ${details}`);
    // A 200 is no proof: an unload during a load takes effect after it.
    while ((await this.http.get(readyPath(served), 30_000)).status !== 404) await sleep(50, undefined, { signal });
  }
}

function readyPath(served: string): string {
  return `/v2/models/${encodeURIComponent(served)}/ready`;
}

/** The model's own settings file, where it has one, under the fleet's name; else one from its format. */
async function settingsOf(entry: ModelTableEntry, files: string): Promise<Record<string, unknown>> {
  const own = await ownSettings(join(files, 'model-settings.json'));
  const parameters = (own?.parameters ?? {}) as Record<string, unknown>;
  const implementation = own?.implementation ?? implementations[entry.format];
  if (implementation === undefined) {
    const message = `MLServer has no implementation for the format "${entry.format}", and the model has no model-settings.json that names one`;
    throw agentError('STW6105', message);
  }
  const { uri, version: _, ...others } = parameters;
  const within = typeof uri === 'string' && !uri.includes(':') ? join(files, uri) : null;
  if (within !== null && within !== files && !within.startsWith(`${files}/`)) {
    throw agentError('STW6105', `the uri "${uri}" of its model-settings.json leads outside the model`);
  }
  const path = within ?? (await soleFile(files)) ?? files;
  return { ...own, name: entry.served, implementation, parameters: { ...others, uri: path } };
}

async function ownSettings(file: string): Promise<Record<string, unknown> | null> {
  if (!(await stat(file).catch(() => null))?.isFile()) return null;
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw agentError('STW6105', 'its model-settings.json is not a JSON object');
}
