import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchState, isSettled } from '../../../src/local/state';
import type { PlannedFleet } from '../../../src/project/plan-fleet';
import type { MeshState } from '../../../src/protocol/mesh-state';
import { routerPorts } from '../../../src/render/names';
import { eventually } from '../commands';
import type { RunningContainer } from '../node-agent/node-agent';
import { poolNodes } from '../nodes';
import type { Cluster } from './cluster';
import { FleetFiles, type FleetShape } from './fleet-files';

export interface RouterAddress {
  readonly pod: string;
  /** `host:port` */
  readonly http: string;
  readonly grpc: string;
  /** meshd's own. */
  readonly control: string;
}

/** A fleet with nodes and a namespace of its own, to be applied by kubectl. */
export class FleetOnCluster {
  private constructor(
    readonly cluster: Cluster,
    readonly files: FleetFiles,
    /** What was applied, or is to be. */
    public planned: PlannedFleet,
  ) {}

  /** Locked, not applied. */
  static async prepare(cluster: Cluster, shape: FleetShape): Promise<FleetOnCluster> {
    const folder = join(cluster.folder, shape.name);
    mkdirSync(folder);
    const files = new FleetFiles(folder, shape);
    const planned = await files.lock();
    for (const pool of planned.fleet.pools) {
      const used = planned.plan.pools.find((usage) => usage.pool === pool.name)?.nodes ?? 0;
      // One more: pods of shards of one pod are rolled by a spare one.
      if (used > 0) await cluster.node.add(poolNodes(pool, used + 1));
    }
    await cluster.bed.createRestrictedNamespace(planned.fleet.namespace);
    return new FleetOnCluster(cluster, files, planned);
  }

  /** Takes all of it away; does not wait. */
  async remove(): Promise<void> {
    await this.cluster.bed.kubectl(['delete', 'namespace', this.planned.fleet.namespace, '--wait=false']);
  }

  /** `stowage synth | kubectl apply --server-side`, of what the files say now. */
  async apply(): Promise<void> {
    this.planned = this.files.plan();
    await this.cluster.bed.kubectl(['apply', '--server-side', '--filename', '-'], await this.files.synth());
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.cluster.bed.kubectl(['--namespace', this.planned.fleet.namespace, ...args]);
  }

  /** Containers of this name, of the router's pods or of one shard's. */
  containers(name: string, shard: string | null): readonly RunningContainer[] {
    return this.cluster.node.containers.filter(
      ({ labels, run }) =>
        run.name === name &&
        labels['stowage.dev/fleet'] === this.planned.fleet.name &&
        (labels['stowage.dev/shard'] ?? null) === shard,
    );
  }

  /** Ids of every process of its pods. */
  get pids(): readonly number[] {
    return this.cluster.node.containers.flatMap(({ labels, run }) =>
      labels['stowage.dev/fleet'] === this.planned.fleet.name && run.pid !== null ? [run.pid] : [],
    );
  }

  get routers(): readonly RouterAddress[] {
    return this.containers('meshd', null).map(({ pod, address }) => ({
      pod,
      http: `${address}:${routerPorts.http}`,
      grpc: `${address}:${routerPorts.grpc}`,
      control: `http://${address}:${routerPorts.meshd}`,
    }));
  }

  /** Address of the one ready router of this image. */
  routerOf(image: string): string {
    const [found] = this.containers('envoy', null).filter(({ run }) => run.image === image && run.isReady);
    if (found === undefined) throw new Error(`no router of ${image} is ready`);
    return found.address;
  }

  /** Ends a container's process without notice, and waits until it is ready again. */
  async kill(container: RunningContainer | undefined): Promise<void> {
    if (container === undefined) throw new Error('there is no such container');
    const { run, pod } = container;
    const before = run.restarts;
    process.kill(run.pid ?? 0, 'SIGKILL');
    await eventually(120_000, async () => {
      if (run.restarts === before || !run.isReady) throw new Error(`${pod}/${run.name} is not ready again`);
    });
  }

  /** Starts all pods of these shards anew, and waits until that is done. */
  async roll(shards: readonly string[]): Promise<void> {
    const deployments = shards.map((id) => `deployment/${this.planned.fleet.name}-${id}`);
    await this.kubectl('rollout', 'restart', ...deployments);
    for (const deployment of deployments) await this.kubectl('rollout', 'status', deployment, '--timeout=300s');
  }

  /**
   * Waits until every router says that all is as planned, and with `released` that pods hold nothing else.
   * @throws Error with what is not, after the time given
   */
  settled(withinMs: number, released = true): Promise<void> {
    const end = performance.now() + withinMs;
    const wait = async (): Promise<void> => {
      for (;;) {
        const lacking = await this.lacking(released);
        if (lacking === null) return;
        if (performance.now() > end) throw new Error(`not settled in ${withinMs} ms: ${lacking}`);
        await sleep(250);
      }
    };
    return wait();
  }

  private async lacking(released: boolean): Promise<string | null> {
    const { planned, routers } = this;
    if (routers.length !== planned.fleet.mesh.routerReplicas) return `${routers.length} routers`;
    for (const { pod, control } of routers) {
      try {
        const lacking = lackingOf(await fetchState(control, { models: 'all' }), planned, released);
        if (lacking !== null) return `${pod}: ${lacking}`;
      } catch (error) {
        return `${pod}: ${(error as Error).message}`;
      }
    }
    return null;
  }
}

/** Why the state is not what the plan wants; null: it is. */
function lackingOf(state: MeshState, { plan }: PlannedFleet, released: boolean): string | null {
  const { up, ...others } = state.models;
  if (!state.source.synced || state.source.problem !== null) return `source: ${state.source.problem ?? 'not synced'}`;
  if (!isSettled(state)) return `under way: ${JSON.stringify(state.models)}`;
  if (up !== plan.summary.models || Object.values(others).some((count) => count > 0)) {
    return JSON.stringify(state.models);
  }
  for (const planned of plan.shards) {
    const shard = state.shards.find(({ shard: id }) => id === planned.id);
    if (shard === undefined) return `no shard ${planned.id}`;
    const serving = shard.pods.filter(({ alive, member, table }) => alive && member && table === 'current');
    if (serving.length !== planned.replicas || shard.pods.length !== planned.replicas) {
      return `shard ${planned.id}: ${serving.length} of ${shard.pods.length} pods serve`;
    }
    const models = (shard.models ?? []).filter(({ model }) => released || planned.models.includes(model));
    if (models.map(({ model }) => model).join() !== [...planned.models].sort().join()) {
      return `shard ${planned.id}: has ${models.length} models, not just its ${planned.models.length}`;
    }
    const waiting = models.filter(
      ({ pods }) => pods.length !== planned.replicas || pods.some(({ state: at }) => at !== 'ready'),
    );
    if (waiting.length > 0) return `shard ${planned.id}: ${waiting.length} models are not ready on all pods`;
  }
  return null;
}
