import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../errors/stowage-error';
import type { PlannedFleet } from '../project/plan-fleet';
import type { MeshState } from '../protocol/mesh-state';
import { answers } from './answers';
import { Child, guardWith } from './child';
import { envoyCommand, meshdCommand } from './commands';
import {
  claimDirectory,
  emptyTable,
  type LocalState,
  removeTable,
  writeRoutes,
  writeState,
  writeTable,
} from './directory';
import { envoyConfig } from './envoy-config';
import type { LocalEventSink } from './events';
import { findFreeRun, requireFree } from './free-ports';
import { type LocalPlan, localPlan, neededParts, type PodPorts } from './local-fleet';
import { defaultPartsDirectory, findParts } from './parts';
import { type LocalPod, PodSet } from './pods';
import { writePods } from './pods-file';
import { fetchState, isSettled, pollState } from './state';

export interface LocalOptions {
  readonly planned: PlannedFleet;
  /** Where relative `file:` URIs start. */
  readonly fleetFile: string;
  /** REST; gRPC is one above, meshd three above; 0: any that are free. */
  readonly port: number;
  /** At most so many pods a shard; null: as planned. */
  readonly replicas: number | null;
  /** null: a temporary one, removed by `stop`. */
  readonly directory: string | null;
  /** null: where scripts/mesh-parts.sh installs by default. */
  readonly parts: string | null;
  readonly onEvent: LocalEventSink;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

const localhost = '127.0.0.1';
const startMs = 60_000;
/** How long a shard that is no longer wanted may wait for its models to be elsewhere. */
const leaveMs = 120_000;

/** A whole mesh on this machine: Envoy, meshd, and a model server with its agent for each pod. */
export class LocalMesh {
  private stopped = false;
  /** Of each shard: the revision of its table from which on meshd knows it as it is. */
  private readonly written = new Map<string, number>();

  private constructor(
    private readonly options: LocalOptions,
    readonly directory: string,
    readonly state: LocalState,
    private readonly podPorts: PodPorts,
    private readonly podSet: PodSet,
    readonly envoy: Child,
    readonly meshd: Child,
  ) {}

  /**
   * Starts everything; resolves when Envoy answers by its first routes: models may still load.
   * @throws StowageError STW6201 to STW6205, STW4xxx
   */
  static async start(options: LocalOptions): Promise<{ mesh: LocalMesh; warnings: readonly Diagnostic[] }> {
    const { fleet, plan } = options.planned;
    const podFirst = await findFreeRun(5, 28100, 32000);
    const podPorts = {
      http: podFirst,
      grpc: podFirst + 1,
      metrics: podFirst + 2,
      agent: podFirst + 3,
      proxy: podFirst + 4,
    };
    const local = localPlan(fleet, plan, { ...options, ports: podPorts });
    const parts = findParts(['envoy', ...neededParts(fleet, plan)], options.parts ?? defaultPartsDirectory());
    const first = options.port === 0 ? await findFreeRun(4, 22080, 28000) : options.port;
    const ports = { http: first, grpc: first + 1, meshd: first + 3 };
    await requireFree(localhost, Object.values(ports));
    const directory = resolve(options.directory ?? mkdtempSync(join(tmpdir(), 'stowage-local-')));
    claimDirectory(directory);
    const socket = join(directory, 'xds.sock');
    const config = join(directory, 'envoy.json');
    writeFileSync(config, JSON.stringify(envoyConfig(ports, socket)));
    const state: LocalState = {
      pid: process.pid,
      fleet: fleet.name,
      endpoint: `http://${localhost}:${ports.http}`,
      grpc: `${localhost}:${ports.grpc}`,
      control: `http://${localhost}:${ports.meshd}`,
    };
    writeState(directory, state);
    const { onEvent } = options;
    const guard = guardWith(parts.python);
    const child = (command: ConstructorParameters<typeof Child>[0]) => new Child(command, guard, onEvent);
    const mesh = new LocalMesh(
      options,
      directory,
      state,
      podPorts,
      new PodSet({ fleet, directory, parts, ports: podPorts, guard, onEvent }),
      child(envoyCommand(parts, config, directory)),
      child(meshdCommand({ fleet: fleet.name, directory, socket, port: ports.meshd })),
    );
    try {
      await mesh.startAll(local);
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return { mesh, warnings: local.warnings };
  }

  get pods(): readonly LocalPod[] {
    return this.podSet.pods;
  }

  /** Every process of the mesh. */
  get children(): readonly Child[] {
    return [this.envoy, this.meshd, ...this.podSet.children];
  }

  /** @throws StowageError STW6206 */
  meshState(models: 'all' | 'problems' | 'none' = 'none'): Promise<MeshState> {
    return fetchState(this.state.control, { models });
  }

  /** Waits until nothing is under way, and tells how far it is; null: the mesh was stopped, or `ended` first. */
  settled(ended: () => boolean = () => false): Promise<MeshState | null> {
    let told = '';
    return pollState(
      this.state.control,
      { models: 'none', everyMs: 250, ended: () => this.stopped || ended() },
      (state) => {
        const { up, failed, leaving, ...others } = state.models;
        const total = Object.values(others).reduce((sum, count) => sum + count, up + failed);
        if (!this.isRead(state)) return false;
        const event = { type: 'models', ready: up, failed, total } as const;
        if (told !== JSON.stringify(event)) this.options.onEvent(event);
        told = JSON.stringify(event);
        return isSettled(state);
      },
    );
  }

  /**
   * Makes the mesh follow another plan: new pods, then the tables; pods that are not wanted end when their models are
   * elsewhere. Requests do not notice. @throws StowageError STW6202, STW6203, STW4xxx: then nothing has changed
   */
  async apply(planned: PlannedFleet): Promise<readonly Diagnostic[]> {
    const { fleet, plan } = planned;
    const local = localPlan(fleet, plan, { ...this.options, ports: this.podPorts });
    await this.put(local);
    const surplus = this.podSet.surplus(local.served);
    if (surplus.length > 0) await this.dismiss(surplus, new Set(local.served.map(({ shard }) => shard.id)));
    return local.warnings;
  }

  /** Ends every process, by its id: the router first, so that nothing is asked of servers that go. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([this.envoy.stop(), this.meshd.stop()]);
    await this.podSet.removeAll();
    if (this.options.directory === null) rmSync(this.directory, { recursive: true, force: true });
    else rmSync(join(this.directory, 'local.json'), { force: true });
  }

  /** meshd goes by the tables that were written last. */
  private isRead({ shards }: MeshState): boolean {
    const known = new Map(shards.map(({ shard, table: { revision } }) => [shard, revision]));
    return [...this.written].every(([shard, revision]) => (known.get(shard) ?? 0) >= revision);
  }

  private async startAll(local: LocalPlan): Promise<void> {
    const { onEvent, signal } = this.options;
    await this.put(local);
    for (const [child, at] of [
      [this.meshd, this.state.control],
      [this.envoy, this.state.endpoint],
    ] as const) {
      onEvent({ type: 'starting', name: child.command.name, at });
      child.start();
    }
    await answers(`${this.state.control}/livez`, this.meshd, startMs, signal);
    await answers(`${this.state.endpoint}/v2/health/live`, this.envoy, startMs, signal);
  }

  private async put(local: LocalPlan): Promise<void> {
    const { directory, podSet } = this;
    writeRoutes(directory, local.routes);
    for (const { shard, table } of local.served) this.written.set(shard.id, writeTable(directory, shard.id, table));
    await podSet.add(local.served);
    writePods(directory, podSet.pods);
    const wanted = new Set(local.served.map(({ shard }) => shard.id));
    const held = new Set(podSet.pods.map(({ shard }) => shard));
    for (const shard of held) {
      if (wanted.has(shard)) continue;
      this.written.delete(shard);
      writeTable(directory, shard, emptyTable(directory, shard));
    }
  }

  private async dismiss(surplus: readonly string[], wanted: ReadonlySet<string>): Promise<void> {
    const { directory, podSet } = this;
    const ending = new Set(
      podSet.pods.flatMap(({ pod, shard }) => (surplus.includes(pod) && !wanted.has(shard) ? [shard] : [])),
    );
    const end = performance.now() + leaveMs;
    await pollState(
      this.state.control,
      { models: 'all', everyMs: 250, ended: () => this.stopped || performance.now() > end },
      ({ shards }) => shards.every(({ shard, models = [] }) => !ending.has(shard) || models.length === 0),
    );
    await podSet.remove(surplus, () => writePods(directory, podSet.pods));
    for (const shard of ending) removeTable(directory, shard);
  }
}
