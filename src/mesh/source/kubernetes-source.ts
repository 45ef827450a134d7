import { agentPorts, tableLabel } from '../../render/names';
import type { SourcePod } from '../control/events';
import { AliasParts } from './alias-parts';
import type { ClusterSource, SourceListener } from './cluster-source';
import { type ApiObject, type KubernetesAccess, KubernetesApi, unusable } from './kubernetes-api';
import { Reflector, type ReflectorOptions } from './reflector';
import { ShardTables } from './shard-tables';

export interface KubernetesSourceOptions {
  readonly fleet: string;
  readonly namespace: string;
  readonly access: KubernetesAccess;
  readonly watchSeconds?: number;
  readonly idleMs?: number;
  readonly firstRetryMs?: number;
  readonly lastRetryMs?: number;
}

interface ConfigMap extends ApiObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Pod extends ApiObject {
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

const shardLabel = 'stowage.dev/shard';
const zoneLabel = 'topology.kubernetes.io/zone';

/** The fleet as Kubernetes has it: the ConfigMaps of its tables, and the shards' pods, listed and watched. */
export class KubernetesSource implements ClusterSource {
  private readonly api: KubernetesApi;
  private readonly tables = new ShardTables();
  private readonly aliases = new AliasParts();
  /** ConfigMap -> its shard. */
  private readonly shardOf = new Map<string, string>();
  private readonly pods = new Set<string>();
  private reflectors: readonly Reflector<never>[] = [];
  private readonly problems = new Map<string, string>();
  private readonly listed = new Set<string>();
  private synced = false;
  private listener: SourceListener | null = null;

  constructor(private readonly options: KubernetesSourceOptions) {
    this.api = new KubernetesApi(options.access);
  }

  start(listener: SourceListener): void {
    this.listener = listener;
    const configMaps = this.reflector<ConfigMap>('configmaps', 'in (router,shard)', {
      onList: (items, revision) => this.listConfigMaps(items, revision),
      onChange: (type, item, revision) => {
        this.tell(this.takeConfigMap(type, item), revision);
        this.tellAliases(revision);
      },
    });
    const pods = this.reflector<Pod>('pods', 'in (shard)', {
      onList: (items, revision) => this.listPods(items, revision),
      onChange: (type, item, revision) => this.takePod(type, item, revision),
    });
    this.reflectors = [configMaps, pods] as unknown as readonly Reflector<never>[];
    for (const reflector of this.reflectors) reflector.start();
  }

  async stop(): Promise<void> {
    this.listener = null;
    await Promise.all(this.reflectors.map((reflector) => reflector.stop()));
    this.api.close();
  }

  private reflector<T extends ApiObject>(
    resource: string,
    component: string,
    handlers: Pick<ReflectorOptions<T>, 'onList' | 'onChange'>,
  ): Reflector<T> {
    const { namespace, fleet, watchSeconds, idleMs, firstRetryMs, lastRetryMs } = this.options;
    return new Reflector<T>(this.api, {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}`,
      labelSelector: `stowage.dev/fleet=${fleet},app.kubernetes.io/component ${component}`,
      watchSeconds: watchSeconds ?? 240,
      idleMs: idleMs ?? 90_000,
      firstRetryMs: firstRetryMs ?? 250,
      lastRetryMs: lastRetryMs ?? 10_000,
      onChange: handlers.onChange,
      onList: (items, revision) => {
        handlers.onList(items, revision);
        this.listed.add(resource);
        if (this.synced || this.listed.size < 2) return;
        this.synced = true;
        this.listener?.onEvent({ type: 'source-synced' });
      },
      onProblem: (problem) => this.note(resource, problem),
    });
  }

  private note(resource: string, problem: string | null): void {
    const text = problem === null ? null : unusable(`${resource}: ${problem}`).message;
    if (this.problems.get(resource) === (text ?? undefined)) return;
    if (text === null) this.problems.delete(resource);
    else this.problems.set(resource, text);
    this.listener?.onProblem([...this.problems.values()][0] ?? null);
  }

  private listConfigMaps(items: readonly ConfigMap[], revision: number): void {
    const present = new Set(items.map(({ metadata }) => metadata.name));
    const shards = new Set<string | null>();
    for (const [name, shard] of this.shardOf) {
      if (present.has(name)) continue;
      this.shardOf.delete(name);
      this.tables.delete(shard, name);
      shards.add(shard);
    }
    for (const name of this.aliases.names) if (!present.has(name)) this.aliases.delete(name);
    for (const item of items) shards.add(this.takeConfigMap('set', item));
    for (const shard of shards) this.tell(shard, revision);
    this.tellAliases(revision);
  }

  /** The shard whose table it is a part of; null: none. */
  private takeConfigMap(type: 'set' | 'deleted', { metadata, data }: ConfigMap): string | null {
    const routes = type === 'set' && metadata.labels?.[tableLabel] === 'routes';
    if (routes) this.aliases.set(metadata.name, data ?? {});
    else this.aliases.delete(metadata.name);
    const shard = metadata.labels?.[shardLabel] ?? this.shardOf.get(metadata.name);
    if (shard === undefined) return null;
    if (type === 'deleted') {
      this.shardOf.delete(metadata.name);
      this.tables.delete(shard, metadata.name);
    } else {
      this.shardOf.set(metadata.name, shard);
      this.tables.set(shard, metadata.name, data ?? {});
    }
    return shard;
  }

  private tell(shard: string | null, revision: number): void {
    const event = shard === null ? null : this.tables.event(shard, revision);
    if (event !== null) this.listener?.onEvent(event);
  }

  private tellAliases(revision: number): void {
    const event = this.aliases.event(revision);
    if (event !== null) this.listener?.onEvent(event);
  }

  private listPods(items: readonly Pod[], revision: number): void {
    const present = new Set(items.map(({ metadata }) => metadata.name));
    for (const pod of [...this.pods]) if (!present.has(pod)) this.removePod(pod, revision);
    for (const item of items) this.takePod('set', item, revision);
  }

  private takePod(type: 'set' | 'deleted', item: Pod, revision: number): void {
    const pod = type === 'deleted' ? null : sourcePod(item);
    if (pod === null) {
      this.removePod(item.metadata.name, revision);
      return;
    }
    this.pods.add(pod.pod);
    this.listener?.onEvent({ type: 'pod-changed', pod, revision });
  }

  private removePod(pod: string, revision: number): void {
    if (this.pods.delete(pod)) this.listener?.onEvent({ type: 'pod-removed', pod, revision });
  }
}

/** null: it has no address yet, or has ended. */
function sourcePod({ metadata, status }: Pod): SourcePod | null {
  const shard = metadata.labels?.[shardLabel];
  const { phase, podIP } = status ?? {};
  if (shard === undefined || podIP === undefined || podIP === '' || phase === 'Failed' || phase === 'Succeeded') {
    return null;
  }
  return {
    pod: metadata.name,
    shard,
    address: podIP,
    zone: metadata.labels?.[zoneLabel] ?? null,
    alive: phase === 'Running' && metadata.deletionTimestamp === undefined,
    token: metadata.uid,
    ports: { ...agentPorts, http: null, grpc: null },
  };
}
