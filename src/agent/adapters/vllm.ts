import type { ModelTableEntry } from '../../render/model-table';
import { agentError } from '../reason';
import type { Adapter, LoadOptions, ServerAddress } from './adapter';
import { ServerHttp, type ServerReply } from './server-http';

/** vLLM with LoRA adapters that are loaded and unloaded while it runs; the base model is the server's own start. */
export class VllmAdapter implements Adapter {
  // An adapter of one name is replaced by unloading it first.
  readonly keepsOnFailure = false;
  private readonly http: ServerHttp;

  constructor({ host, http }: ServerAddress) {
    this.http = new ServerHttp(host, http);
  }

  async prepare(): Promise<void> {}

  state(): Promise<'up' | 'busy' | 'down'> {
    return this.http.state('/health');
  }

  async holding(served: readonly string[]): Promise<ReadonlySet<string>> {
    const listed = await this.listed();
    return new Set(served.filter((name) => listed.has(name)));
  }

  async load(entry: ModelTableEntry, files: string, { timeoutMs }: LoadOptions): Promise<void> {
    const { served } = entry;
    const signal = AbortSignal.timeout(timeoutMs);
    if ((await this.listed()).has(served)) await this.unload(served, signal);
    const body = { lora_name: served, lora_path: files };
    const reply = await this.http.post('/v1/load_lora_adapter', body, signal);
    if (reply.status !== 200) throw agentError('STW6105', `vLLM: ${messageOf(reply)}`);
  }

  async unload(served: string, signal: AbortSignal): Promise<void> {
    const reply = await this.http.post('/v1/unload_lora_adapter', { lora_name: served }, signal);
    // It answers 400 or 404, by version, for an adapter that it does not have.
    if (reply.status !== 200 && (await this.listed()).has(served)) {
      throw agentError('STW6105', `vLLM: ${messageOf(reply)}`);
    }
  }

  private async listed(): Promise<ReadonlySet<string>> {
    const reply = await this.http.get('/v1/models', 30_000);
    if (reply.status !== 200) throw agentError('STW6105', `vLLM: ${messageOf(reply)}`);
    const { data } = JSON.parse(reply.text) as { data?: readonly { id: string }[] };
    return new Set((data ?? []).map(({ id }) => id));
  }
}

/** `{"message": ...}` in older versions, `{"error": {"message": ...}}` in newer ones. */
function messageOf({ status, text }: ServerReply): string {
  try {
    const value = JSON.parse(text) as { message?: string; error?: { message?: string } };
    return value.error?.message ?? value.message ?? `HTTP ${status}: ${text}`;
  } catch {
    return `HTTP ${status}: ${text}`;
  }
}
