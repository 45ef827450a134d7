import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from '../../../src/local/child';
import { ContainerRun } from './container-run';
import { environmentOf, fillIn } from './environment';
import { type KubeClient, KubeError } from './kube-client';
import type { Condition, Container, Images, LocalCommand, Pod } from './objects';
import { type ConfigMaps, PodVolumes } from './volumes';

export interface PodOptions {
  readonly client: KubeClient;
  readonly address: string;
  /** Of the pod's own; kept short: sockets lie in it. */
  readonly folder: string;
  readonly logs: string;
  readonly images: Images;
  readonly guard: Guard;
  readonly probeSeconds: number;
  configMaps(namespace: string): Promise<ConfigMaps>;
  onNote(text: string): void;
}

const retryMs = 500;

/** One pod, from its binding to its deletion. */
export class PodRun {
  containers: readonly ContainerRun[] = [];
  private readonly volumes: PodVolumes;
  private readonly conditions = new Map<string, Condition>();
  private readonly startTime = new Date().toISOString();
  private readonly begun: Promise<void>;
  private ending: Promise<void> | null = null;
  private changed = true;
  private publishing = false;
  private gone = false;

  constructor(
    readonly pod: Pod,
    private readonly options: PodOptions,
  ) {
    const { folder, client, address } = options;
    this.volumes = new PodVolumes(pod, address, join(folder, 'v'), client);
    this.begun = this.begin();
  }

  get address(): string {
    return this.options.address;
  }

  /** Brings ConfigMaps and tokens up to date. */
  async sync(): Promise<void> {
    await this.begun;
    if (this.ending !== null) return;
    await this.volumes.sync(await this.options.configMaps(this.pod.metadata.namespace));
  }

  /** Ends all containers, then the pod's object. */
  terminate(graceSeconds: number): Promise<void> {
    this.ending ??= this.end(graceSeconds);
    return this.ending;
  }

  /** Without a word to the API server. */
  async kill(): Promise<void> {
    this.gone = true;
    this.ending ??= Promise.resolve();
    await Promise.all(this.containers.map((container) => container.stop(0)));
  }

  private async begin(): Promise<void> {
    const { spec, metadata } = this.pod;
    mkdirSync(this.options.folder, { recursive: true, mode: 0o700 });
    this.publish();
    while (this.ending === null && !this.gone) {
      try {
        if ((spec.initContainers ?? []).length > 0) throw new Error('the node agent runs no init containers');
        await this.volumes.sync(await this.options.configMaps(metadata.namespace));
        const commands = await Promise.all(spec.containers.map((container) => this.commandOf(container)));
        if (this.ending !== null || this.gone) return;
        this.containers = spec.containers.map((container, i) => this.containerRun(container, commands[i]));
        for (const container of this.containers) container.start();
        return;
      } catch (error) {
        this.options.onNote(`${metadata.name}: cannot start: ${(error as Error).message}`);
        await sleep(retryMs);
      }
    }
  }

  private containerRun(container: Container, command: Required<LocalCommand> | undefined): ContainerRun {
    const { address, logs, guard, probeSeconds, onNote } = this.options;
    const { name } = this.pod.metadata;
    if (command === undefined) throw new Error(`no command for ${container.name}`);
    return new ContainerRun({
      ...{ container, command, address, guard, probeSeconds },
      log: join(logs, `${name}.${container.name}.log`),
      graceMs: this.graceSeconds() * 1000,
      onChange: () => this.publish(),
      onNote: (text) => onNote(`${name}/${text}`),
    });
  }

  /** Command, arguments and environment, with the volumes' folders for the paths where they would be mounted. */
  private async commandOf(container: Container): Promise<Required<LocalCommand>> {
    const { address, folder, images, client } = this.options;
    const { pod } = this;
    const hostPath = (path: string) => this.volumes.hostPath(container, path);
    const own = environmentOf(container, pod, address);
    const argv = [...(container.command ?? []), ...(container.args ?? [])].map((text) => hostPath(fillIn(text, own)));
    const { hostname, port } = client.server;
    const command = await images({ pod, container, address, argv, hostPath, folder });
    const env = {
      ...{ PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8' },
      ...{ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      ...command.env,
      ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, hostPath(value)])),
    };
    return { argv: command.argv, env };
  }

  private async end(graceSeconds: number): Promise<void> {
    await this.begun.catch(() => undefined);
    await Promise.all(this.containers.map((container) => container.stop(graceSeconds * 1000)));
    await this.forget();
    this.gone = true;
    rmSync(this.options.folder, { recursive: true, force: true });
  }

  /** Takes the object away, as the kubelet does when nothing of the pod runs any more. */
  private async forget(): Promise<void> {
    const { uid } = this.pod.metadata;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    while (!this.gone) {
      try {
        await this.options.client.call('DELETE', this.path(), { body });
        return;
      } catch (error) {
        // Another pod has the name, or none.
        if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return;
        await sleep(retryMs);
      }
    }
  }

  private publish(): void {
    this.changed = true;
    if (!this.publishing) void this.publishAll();
  }

  private async publishAll(): Promise<void> {
    this.publishing = true;
    while (this.changed && !this.gone) {
      this.changed = false;
      try {
        const body = { metadata: { uid: this.pod.metadata.uid }, status: this.status() };
        const contentType = 'application/strategic-merge-patch+json';
        await this.options.client.call('PATCH', `${this.path()}/status`, { body, contentType });
      } catch (error) {
        if (error instanceof KubeError && (error.status === 404 || error.status === 409)) break;
        this.changed = true;
        await sleep(retryMs);
      }
    }
    this.publishing = false;
  }

  private status(): object {
    const { containers, address, startTime } = this;
    const running = containers.length > 0;
    const ready = running && containers.every(({ isReady }) => isReady);
    this.condition('PodReadyToStartContainers', true);
    this.condition('Initialized', true);
    this.condition('ContainersReady', ready);
    this.condition('Ready', ready);
    return {
      phase: running ? 'Running' : 'Pending',
      ...{ hostIP: '127.0.0.1', hostIPs: [{ ip: '127.0.0.1' }], podIP: address, podIPs: [{ ip: address }] },
      startTime,
      conditions: [...this.conditions.values()],
      containerStatuses: containers.map((container) => container.status()),
    };
  }

  private condition(type: string, met: boolean): void {
    const status = met ? 'True' : 'False';
    if (this.conditions.get(type)?.status === status) return;
    this.conditions.set(type, {
      ...{ type, status, lastTransitionTime: new Date().toISOString() },
      ...(met ? {} : { reason: 'ContainersNotReady' }),
    });
  }

  private graceSeconds(): number {
    return this.pod.spec.terminationGracePeriodSeconds ?? 30;
  }

  private path(): string {
    const { namespace, name } = this.pod.metadata;
    return `/api/v1/namespaces/${namespace}/pods/${name}`;
  }
}
