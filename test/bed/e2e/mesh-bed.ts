import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardWith } from '../../../src/local/child';
import { findParts } from '../../../src/local/parts';
import { fetchState, isSettled } from '../../../src/local/state';
import type { PlannedFleet } from '../../../src/project/plan-fleet';
import type { MeshState } from '../../../src/protocol/mesh-state';
import { routerPorts } from '../../../src/render/names';
import { Bed } from '../bed';
import { buildIfStale } from '../built';
import { NodeAgent, type RunningContainer } from '../node-agent/node-agent';
import { generalNode, poolNodes } from '../nodes';
import { FleetFiles } from './fleet-files';
import { localImages } from './images';
import type { Size } from './size';

export interface RouterAddress {
  readonly pod: string;
  /** `host:port` */
  readonly http: string;
  readonly grpc: string;
  /** meshd's own. */
  readonly control: string;
}

/** A control plane, a node agent, and on them a fleet that was applied by kubectl. */
export class MeshBed {
  private constructor(
    readonly bed: Bed,
    readonly node: NodeAgent,
    readonly fleet: FleetFiles,
    readonly planned: PlannedFleet,
    private readonly folder: string,
  ) {}

  /** @throws NoBed where this machine cannot have one */
  static async start(size: Size): Promise<MeshBed> {
    const parts = findParts(['envoy', 'mlserver']);
    const [bed] = await Promise.all([Bed.start(), buildIfStale()]);
    const folder = mkdtempSync(join(tmpdir(), 'stowage-e2e-'));
    try {
      mkdirSync(join(folder, 'fleet'));
      const fleet = new FleetFiles(join(folder, 'fleet'), size);
      const planned = fleet.plan();
      const nodes = planned.fleet.pools.flatMap((pool) => {
        const used = planned.plan.pools.find((usage) => usage.pool === pool.name)?.nodes ?? 0;
        // One more: pods of shards of one pod are rolled by a spare one.
        return used === 0 ? [] : poolNodes(pool, used + 1);
      });
      const node = await NodeAgent.start({
        ...{ kubeconfig: bed.kubeconfig, nodes: [generalNode(), ...nodes], folder },
        ...{ images: localImages(parts), guard: guardWith(parts.python), volumeSeconds: 10 },
      });
      return new MeshBed(bed, node, fleet, planned, folder);
    } catch (error) {
      await bed.stop();
      throw error;
    }
  }

  get namespace(): string {
    return this.planned.fleet.namespace;
  }

  /** Ids of every process that runs in a pod. */
  get pids(): readonly number[] {
    return this.node.containers.flatMap(({ run }) => (run.pid === null ? [] : [run.pid]));
  }

  async stop(): Promise<void> {
    await this.node.stop();
    await this.bed.stop();
    if (process.env.STOWAGE_E2E_KEEP === undefined) rmSync(this.folder, { recursive: true, force: true });
    else console.warn(`kept: ${this.folder}`);
  }

  /** `stowage synth | kubectl apply --server-side` */
  async apply(): Promise<void> {
    await this.bed.kubectl(['apply', '--server-side', '--filename', '-'], await this.fleet.synth());
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.bed.kubectl(['--namespace', this.namespace, ...args]);
  }

  /** Containers of this name, of the router's pods or of one shard's. */
  containers(name: string, shard: string | null): readonly RunningContainer[] {
    return this.node.containers.filter(
      ({ labels, run }) => run.name === name && (labels['stowage.dev/shard'] ?? null) === shard,
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

  /**
   * Waits until every router says that all is as planned, and with `released` that pods hold nothing else.
   * @throws Error with what is not, after the time given
   */
  async settled(planned: PlannedFleet, withinMs: number, released = true): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const lacking = await this.lacking(planned, released);
      if (lacking === null) return;
      if (performance.now() > end) throw new Error(`not settled in ${withinMs} ms: ${lacking}`);
      await sleep(250);
    }
  }

  private async lacking(planned: PlannedFleet, released: boolean): Promise<string | null> {
    if (this.routers.length !== planned.fleet.mesh.routerReplicas) return `${this.routers.length} routers`;
    for (const { pod, control } of this.routers) {
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
