import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelTableEntry } from '../../render/model-table';
import { agentError, reasonOf } from '../reason';
import type { Adapter, LoadOptions, ServerAddress } from './adapter';
import { grpcCodes, ServerGrpc } from './server-grpc';
import { filterServed, ServerHttp, type ServerReply } from './server-http';
import { layOut } from './triton-layout';

interface IndexItem {
  readonly name: string;
  readonly version?: string;
  readonly state?: string;
  readonly reason?: string;
}

/** Triton in explicit mode. Its repository methods ask for the header that the rendered arguments name. */
export class TritonAdapter implements Adapter {
  readonly keepsOnFailure = true;
  private readonly http: ServerHttp;
  private readonly grpc: ServerGrpc;
  private readonly repository: string;

  constructor(server: ServerAddress) {
    if (server.grpc === null)
      throw agentError('STW6106', 'Triton needs a gRPC port: a REST load may block all of REST');
    const { host, http, grpc, adminToken, repository } = server;
    const token = adminToken ?? '';
    this.repository = repository;
    this.http = new ServerHttp(host, http, adminToken === null ? {} : { 'x-stowage-admin': token });
    const grpcHeaders = adminToken === null ? {} : { 'triton-grpc-protocol-x-stowage-admin': token };
    this.grpc = new ServerGrpc(`${host}:${grpc}`, grpcHeaders);
  }

  async prepare(): Promise<void> {
    await rm(join(this.repository, '.stowage', 'layout'), { recursive: true, force: true });
  }

  state(): Promise<'up' | 'busy' | 'down'> {
    return this.http.state('/v2/health/live');
  }

  holding(served: readonly string[]): Promise<ReadonlySet<string>> {
    // The index leaves out loaded models whose folder is gone; this does not.
    return filterServed(served, async (name) => (await this.ready(name)).status === 200);
  }

  async load(entry: ModelTableEntry, files: string, { reload, timeoutMs }: LoadOptions): Promise<void> {
    const { served, format } = entry;
    const signal = AbortSignal.timeout(timeoutMs);
    // A model whose process has died stays "ready" for ever: only unloading cures it.
    if (!reload && (await this.ready(served)).status === 200) await this.unload(served, signal);
    await layOut(this.repository, served, format, files);
    const { code, details } = await this.grpc.load(served, timeoutMs);
    if (code === grpcCodes.ok) return;
    const reason =
      code === grpcCodes.deadline
        ? `did not load it within ${Math.round(timeoutMs / 1000)} s`
        : details.includes('failed to poll')
          ? `${details} (its config.pbtxt or folders are wrong; Triton's log says how)`
          : details;
    throw agentError('STW6105', `Triton: ${reason}`);
  }

  async unload(served: string, signal: AbortSignal): Promise<void> {
    const { code, details } = await this.grpc.unload(served, 60_000);
    if (code !== grpcCodes.ok && code !== grpcCodes.notFound) throw agentError('STW6105', `Triton: ${details}`);
    // It says yes at once, to anything; the index says when.
    while (!(await this.gone(served, signal))) await sleep(50, undefined, { signal });
    await rm(join(this.repository, served), { recursive: true, force: true });
  }

  /** Only an inference tells that a Python model's process has died. Zeros of the model's own shapes are sent. */
  async probe(served: string): Promise<string | null> {
    const path = `/v2/models/${encodeURIComponent(served)}`;
    const metadata = await this.http.get(path);
    if (metadata.status !== 200) return null;
    const inputs = (JSON.parse(metadata.text) as { inputs?: readonly TensorShape[] }).inputs ?? [];
    const tensors = inputs.map(zeros);
    if (tensors.length === 0 || tensors.includes(null)) return null;
    try {
      const { status, text } = await this.http.post(`${path}/infer`, { inputs: tensors }, AbortSignal.timeout(30_000));
      // A model may well refuse zeros: that is an answer.
      return status === 500 && /stub process|not healthy/i.test(text) ? `STW6105: Triton: ${text}` : null;
    } catch (error) {
      return error instanceof SyntaxError ? null : reasonOf(error);
    }
  }

  private ready(served: string): Promise<ServerReply> {
    return this.http.get(`/v2/models/${encodeURIComponent(served)}/ready`, 30_000);
  }

  private async gone(served: string, signal: AbortSignal): Promise<boolean> {
    const { status, text } = await this.http.post('/v2/repository/index', {}, signal);
    if (status !== 200) throw agentError('STW6105', `Triton's index answers HTTP ${status}: ${text}`);
    const versions = (JSON.parse(text) as readonly IndexItem[]).filter(({ name }) => name === served);
    if (versions.some(({ state }) => state !== undefined && state !== 'UNAVAILABLE')) return false;
    return versions.length > 0 || (await this.ready(served)).status !== 200;
  }
}

interface TensorShape {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** The smallest tensor of a shape, where its size is bearable; null: it is not. */
function zeros({ name, datatype, shape }: TensorShape): object | null {
  const real = shape.map((size) => (size < 0 ? 1 : size));
  const count = real.reduce((product, size) => product * size, 1);
  if (count > 100_000) return null;
  const zero = datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0;
  return { name, datatype, shape: real, data: Array.from({ length: count }, () => zero) };
}
