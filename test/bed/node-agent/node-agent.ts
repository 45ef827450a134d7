import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from '../../../src/local/child';
import type { NodeObject } from '../nodes';
import { Addresses } from './addresses';
import type { ContainerRun } from './container-run';
import { KubeClient } from './kube-client';
import { registerNode, renewLease } from './node-objects';
import type { Images, Pod } from './objects';
import { PodRun } from './pod-run';
import type { ConfigMaps } from './volumes';

export interface NodeAgentOptions {
  readonly kubeconfig: string;
  readonly nodes: readonly NodeObject[];
  /** For volumes and logs; a short path, since sockets lie in it. */
  readonly folder: string;
  readonly images: Images;
  /** Ends what runs with the process that started it. */
  readonly guard: Guard;
  /** Startup and readiness probes come at least so often; default: 1. */
  readonly probeSeconds?: number;
  /** How often ConfigMaps in volumes are brought up to date; a kubelet takes about a minute. */
  readonly volumeSeconds?: number;
}

/** A container that runs on the bed. */
export interface RunningContainer {
  readonly pod: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly run: ContainerRun;
}

const retryMs = 500;
const leaseMs = 10_000;
const idleMs = 90_000;

/**
 * A kubelet for tests: takes the pods that the scheduler bound to its nodes, and runs their containers as processes on
 * a loopback address a pod.
 */
export class NodeAgent {
  readonly logs: string;
  private readonly client: KubeClient;
  private readonly addresses = new Addresses();
  /** By uid. */
  private readonly pods = new Map<string, PodRun>();
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly nodes = new Set<string>();
  private started = 0;
  private noted = '';

  private constructor(private readonly options: NodeAgentOptions) {
    this.client = new KubeClient(options.kubeconfig);
    this.logs = join(options.folder, 'logs');
    mkdirSync(this.logs, { recursive: true });
  }

  static async start(options: NodeAgentOptions): Promise<NodeAgent> {
    const agent = new NodeAgent(options);
    await agent.add(options.nodes);
    agent.loops.push(
      agent.repeat(retryMs, () => agent.follow()),
      agent.repeat(leaseMs, () => agent.renew()),
      agent.repeat((options.volumeSeconds ?? 60) * 1000, () => agent.sync()),
    );
    return agent;
  }

  /** Registers more nodes. */
  async add(nodes: readonly NodeObject[]): Promise<void> {
    for (const node of nodes) {
      await registerNode(this.client, node);
      this.nodes.add(node.metadata.name);
    }
  }

  /** Everything that runs, whatever its state. */
  get containers(): readonly RunningContainer[] {
    return [...this.pods.values()].flatMap(({ pod, address, containers }) =>
      containers.map((run) => ({ pod: pod.metadata.name, address, labels: pod.metadata.labels ?? {}, run })),
    );
  }

  /** Ends every process, by its id, and waits until all are gone. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
    await Promise.all([...this.pods.values()].map((pod) => pod.kill()));
    this.client.close();
    rmSync(join(this.options.folder, 'p'), { recursive: true, force: true });
  }

  private async repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      // What fails now is tried again: the API server may be away.
      await work().catch((error: Error) => signal.aborted || this.note(error.message));
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lists the pods, then watches them until the watch ends. */
  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    const path = '/api/v1/pods';
    const list = await this.client.call<{ items: readonly Pod[]; metadata: { resourceVersion: string } }>('GET', path);
    const present = new Set(list.items.map(({ metadata }) => metadata.uid));
    for (const [uid, run] of this.pods) if (!present.has(uid)) this.end(uid, run, 0);
    for (const pod of list.items) this.take(pod);
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${list.metadata.resourceVersion}`;
    for await (const { type, object } of this.client.watch<Pod>(`${path}?${query}`, idleMs, signal)) {
      if (type === 'ERROR') throw new Error(`the watch of pods ended: ${JSON.stringify(object)}`);
      if (type === 'BOOKMARK') continue;
      const run = this.pods.get(object.metadata.uid);
      if (type !== 'DELETED') this.take(object);
      else if (run !== undefined) this.end(object.metadata.uid, run, 0);
    }
  }

  private take(pod: Pod): void {
    const { uid, name, deletionTimestamp, deletionGracePeriodSeconds = 30 } = pod.metadata;
    const known = this.pods.get(uid);
    if (known !== undefined) {
      if (deletionTimestamp !== undefined) this.end(uid, known, deletionGracePeriodSeconds);
      return;
    }
    if (!this.nodes.has(pod.spec.nodeName ?? '')) return;
    const { folder, images, guard, probeSeconds = 1 } = this.options;
    this.note(`${name}: starts on ${pod.spec.nodeName}`);
    const run = new PodRun(pod, {
      ...{ client: this.client, address: this.addresses.take(), images, guard, probeSeconds, logs: this.logs },
      folder: join(folder, 'p', String(this.started++)),
      configMaps: (namespace) => this.configMaps(namespace),
      onNote: (text) => this.note(text),
    });
    this.pods.set(uid, run);
    if (deletionTimestamp !== undefined) this.end(uid, run, deletionGracePeriodSeconds);
  }

  private end(uid: string, run: PodRun, graceSeconds: number): void {
    const { name } = run.pod.metadata;
    this.note(`${name}: ends`);
    void run.terminate(graceSeconds).then(() => {
      if (!this.pods.delete(uid)) return;
      this.addresses.giveBack(run.address);
      this.note(`${name}: is gone`);
    });
  }

  private async renew(): Promise<void> {
    for (const node of this.nodes) await renewLease(this.client, node);
  }

  private async sync(): Promise<void> {
    for (const run of this.pods.values()) await run.sync();
  }

  private async configMaps(namespace: string): Promise<ConfigMaps> {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const { items } = await this.client.call<{
      items: readonly { metadata: { name: string }; data?: Record<string, string> }[];
    }>('GET', path);
    return new Map(items.map(({ metadata, data }) => [metadata.name, data ?? {}]));
  }

  private note(text: string): void {
    if (text === this.noted) return;
    this.noted = text;
    appendFileSync(join(this.logs, 'node-agent.log'), `${new Date().toISOString()} ${text}\n`);
  }
}
