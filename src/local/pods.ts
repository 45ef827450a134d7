import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from '../declare/fleet';
import { plural } from '../report/units';
import { Child, type Guard } from './child';
import { agentCommand, serverCommand } from './commands';
import type { LocalEventSink } from './events';
import { requireFree } from './free-ports';
import type { PodPorts, ServedShard } from './local-fleet';
import type { Parts } from './parts';

export interface LocalPod {
  readonly pod: string;
  readonly shard: string;
  /** 127.x.y.z, this pod's alone. */
  readonly address: string;
  readonly ports: PodPorts;
  /** Shared by the pod's agent and server, and told to meshd: stands for the pod's uid on a cluster. */
  readonly token: string;
  /** Of the pod's own: `models` is its repository. */
  readonly directory: string;
}

export interface PodSetOptions {
  readonly fleet: Fleet;
  readonly directory: string;
  readonly parts: Parts;
  readonly ports: PodPorts;
  readonly guard: Guard;
  readonly onEvent: LocalEventSink;
}

interface RunningPod {
  readonly pod: LocalPod;
  readonly server: Child;
  readonly agent: Child;
}

/** An agent waits for routers that it has heard of lately, though they are gone. */
const hastyMs = 3_000;

/** The pods of the local mesh: a model server and an agent each. */
export class PodSet {
  private readonly running = new Map<string, RunningPod>();
  private readonly used = new Set<string>();

  constructor(private readonly options: PodSetOptions) {}

  get pods(): readonly LocalPod[] {
    return [...this.running.values()].map(({ pod }) => pod).sort((a, b) => (a.pod < b.pod ? -1 : 1));
  }

  get children(): readonly Child[] {
    return [...this.running.values()].flatMap(({ server, agent }) => [server, agent]);
  }

  /** Starts what the shards want and is not there yet. @throws StowageError STW6203 */
  async add(shards: readonly ServedShard[]): Promise<void> {
    for (const served of shards) {
      for (let i = 0; i < served.replicas; i++) {
        const name = podName(served.shard.id, i);
        if (!this.running.has(name)) await this.startPod(name, served);
      }
    }
  }

  /** Pods that the shards do not want, or no longer. */
  surplus(shards: readonly ServedShard[]): readonly string[] {
    const wanted = new Set(shards.flatMap(({ shard, replicas }) => podNames(shard.id, replicas)));
    return [...this.running.keys()].filter((name) => !wanted.has(name)).sort();
  }

  /** Agents first: they wait until no router needs them. `gone` comes between the end of processes and that of files. */
  async remove(names: readonly string[], gone: () => void): Promise<void> {
    const ending = names.flatMap((name) => this.running.get(name) ?? []);
    await Promise.all(ending.map(({ agent }) => agent.stop()));
    await Promise.all(ending.map(({ server }) => server.stop()));
    for (const { pod } of ending) {
      this.running.delete(pod.pod);
      this.used.delete(pod.address);
    }
    gone();
    for (const { pod } of ending) rmSync(pod.directory, { recursive: true, force: true });
  }

  /** When no router is there to wait for. */
  async removeAll(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop(hastyMs)));
    this.running.clear();
    this.used.clear();
  }

  private async startPod(name: string, { shard, part }: ServedShard): Promise<void> {
    const { fleet, directory, parts, ports, guard, onEvent } = this.options;
    const address = await this.freeAddress();
    const pod: LocalPod = {
      pod: name,
      shard: shard.id,
      address,
      ports,
      token: randomBytes(18).toString('base64url'),
      directory: join(directory, 'pods', name),
    };
    mkdirSync(join(pod.directory, 'models'), { recursive: true, mode: 0o700 });
    const tables = join(directory, 'shards', shard.id);
    const server = new Child(serverCommand(pod, part, parts, directory), guard, onEvent);
    const agent = new Child(agentCommand(pod, fleet, tables, directory), guard, onEvent);
    this.running.set(name, { pod, server, agent });
    const models = plural(shard.models.length, 'model');
    onEvent({ type: 'starting', name: `${name} (${part}, ${models})`, at: address });
    server.start();
    agent.start();
  }

  /** Pods of several local meshes at once get networks of their own, by this process's id. */
  private async freeAddress(): Promise<string> {
    const { http, grpc, metrics, agent, proxy } = this.options.ports;
    const network = `127.${64 + (process.pid % 128)}.${(process.pid >> 7) & 255}`;
    let host = 1;
    while (this.used.has(`${network}.${host}`)) host++;
    const address = `${network}.${host}`;
    await requireFree(address, [http, grpc, metrics, agent, proxy]);
    this.used.add(address);
    return address;
  }
}

function podNames(shard: string, replicas: number): string[] {
  return Array.from({ length: replicas }, (_, i) => podName(shard, i));
}

function podName(shard: string, replica: number): string {
  return `${shard}-${replica}`;
}
