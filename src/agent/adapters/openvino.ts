import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelTableEntry } from '../../render/model-table';
import { agentError, isAbort, reasonOf } from '../reason';
import type { Adapter, LoadOptions, ServerAddress } from './adapter';
import { linkTree } from './layout';
import { ServerHttp, type ServerReply } from './server-http';

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
      await this.write([...others, { config: { name: served, base_path } }]);
      const reply = await this.reload(timeoutMs);
      const versions = (await this.statuses().catch(() => null))?.[served] ?? [];
      const current = before.find(({ config }) => config.name === served)?.config.base_path;
      // A reload fails as a whole where any model does: a new model may be there all the same, by its own state. Of one
      // that was there before, that may be the old copy.
      const accepted = reply.status < 300 || (reply.status > 0 && current === undefined);
      if (accepted && versions.some(({ state }) => state === 'AVAILABLE')) {
        if (current !== undefined && current !== base_path) await rm(current, { recursive: true, force: true });
        return;
      }
      // What is broken must not stay in the file: the next reload would try it again.
      await this.write(before);
      await this.reload(timeoutMs);
      await rm(base_path, { recursive: true, force: true });
      const told = versions.map(({ status }) => status?.error_message).find((text) => text && text !== 'OK');
      const answered = reply.status === 0 ? reply.text : `HTTP ${reply.status}: ${reply.text}`;
      throw agentError('STW6105', `OpenVINO: ${told ?? answered}`);
    });
  }

  unload(served: string, signal: AbortSignal): Promise<void> {
    return this.inTurn(async () => {
      const before = await this.read();
      await this.write(before.filter(({ config }) => config.name !== served));
      await this.http.post('/v1/config/reload', undefined, signal);
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

  /** Status 0: no answer, and the text says why. */
  private async reload(timeoutMs: number): Promise<ServerReply> {
    try {
      return await this.http.post('/v1/config/reload', undefined, AbortSignal.timeout(timeoutMs));
    } catch (error) {
      const late = isAbort(error) ? `did not load it within ${Math.round(timeoutMs / 1000)} s` : reasonOf(error);
      return { status: 0, text: late };
    }
  }

  private async statuses(): Promise<Readonly<Record<string, readonly VersionStatus[] | undefined>>> {
    const reply = await this.http.get('/v1/config', 30_000);
    if (reply.status !== 200) throw agentError('STW6105', `OpenVINO: HTTP ${reply.status}: ${reply.text}`);
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
