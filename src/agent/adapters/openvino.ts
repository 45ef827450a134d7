import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelTableEntry } from '../../render/model-table';
import { agentError } from '../reason';
import type { Adapter, LoadOptions, ServerAddress } from './adapter';
import { linkTree } from './layout';
import { ServerHttp } from './server-http';

interface ConfigItem {
  readonly config: { readonly name: string; readonly base_path: string };
}

interface VersionStatus {
  readonly state: string;
  readonly status?: { readonly error_message?: string };
}

/** OpenVINO Model Server: what `config.json` names is served; it reads the file when it is told to. */
export class OpenvinoAdapter implements Adapter {
  readonly keepsOnFailure = true;
  private readonly http: ServerHttp;
  private readonly config: string;
  private readonly models: string;
  /** The file is read, changed and written: one change at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor({ host, http, repository }: ServerAddress) {
    this.http = new ServerHttp(host, http);
    this.config = join(repository, 'config.json');
    this.models = join(repository, '.stowage', 'openvino');
  }

  /** The server does not start without the file. */
  async prepare(): Promise<void> {
    await mkdir(this.models, { recursive: true });
    if (!(await stat(this.config).catch(() => null))) await this.write([]);
  }

  state(): Promise<'up' | 'busy' | 'down'> {
    return this.http.state('/v2/health/live');
  }

  async holding(served: readonly string[]): Promise<ReadonlySet<string>> {
    const status = await this.statuses();
    return new Set(served.filter((name) => status[name]?.some(({ state }) => state === 'AVAILABLE')));
  }

  load(entry: ModelTableEntry, files: string, { timeoutMs }: LoadOptions): Promise<void> {
    return this.inTurn(async () => {
      const { served } = entry;
      const before = await this.read();
      const base_path = await this.layOut(served, files);
      const others = before.filter(({ config }) => config.name !== served);
      const signal = AbortSignal.timeout(timeoutMs);
      await this.write([...others, { config: { name: served, base_path } }]);
      const reply = await this.http.post('/v1/config/reload', {}, signal);
      const versions = (await this.statuses())[served] ?? [];
      const current = before.find(({ config }) => config.name === served)?.config.base_path;
      if (reply.status < 300 && versions.some(({ state }) => state === 'AVAILABLE')) {
        if (current !== undefined && current !== base_path) await rm(current, { recursive: true, force: true });
        return;
      }
      // What is broken must not stay in the file: the next reload would try it again.
      await this.write(before);
      await this.http.post('/v1/config/reload', {}, signal).catch(() => undefined);
      await rm(base_path, { recursive: true, force: true });
      const told = versions.map(({ status }) => status?.error_message).find((text) => text && text !== 'OK');
      throw agentError('STW6105', `OpenVINO: ${told ?? `HTTP ${reply.status}: ${reply.text}`}`);
    });
  }

  unload(served: string, signal: AbortSignal): Promise<void> {
    return this.inTurn(async () => {
      const before = await this.read();
      await this.write(before.filter(({ config }) => config.name !== served));
      await this.http.post('/v1/config/reload', {}, signal);
      while ((await this.holding([served])).has(served)) await sleep(50, undefined, { signal });
      const old = before.find(({ config }) => config.name === served)?.config.base_path;
      if (old !== undefined) await rm(old, { recursive: true, force: true });
    });
  }

  /** `<served>-<n>/1/...`: another folder for other files, so that the server sees a change. */
  private async layOut(served: string, files: string): Promise<string> {
    const taken = new Set(await readdir(this.models));
    let n = 0;
    while (taken.has(`${served}-${n}`)) n += 1;
    const base = join(this.models, `${served}-${n}`);
    const versioned = (await readdir(files)).some((name) => /^\d+$/.test(name));
    await linkTree(files, versioned ? base : join(base, '1'));
    return base;
  }

  private async statuses(): Promise<Readonly<Record<string, readonly VersionStatus[] | undefined>>> {
    const reply = await this.http.get('/v1/config', 30_000);
    const all = JSON.parse(reply.text) as Record<string, { model_version_status?: readonly VersionStatus[] }>;
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value.model_version_status ?? []]));
  }

  private async read(): Promise<readonly ConfigItem[]> {
    const { model_config_list: items } = JSON.parse(await readFile(this.config, 'utf8')) as {
      model_config_list: readonly ConfigItem[];
    };
    return items;
  }

  private async write(items: readonly ConfigItem[]): Promise<void> {
    await writeFile(`${this.config}.new`, JSON.stringify({ model_config_list: items }));
    await rename(`${this.config}.new`, this.config);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.last.then(work, work);
    this.last = next.catch(() => undefined);
    return next;
  }
}
