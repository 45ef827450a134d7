import type { ServerDuplexStream } from '@grpc/grpc-js';
import { protos } from './protos';
import { type Change, type Published, type Resource, type ResourceKind, type Step, typeUrls } from './published';
import { type ScopeKeying, scopeResource } from './scopes';

/** What meshd reads of Envoy's DeltaDiscoveryRequest. */
export interface DeltaRequest {
  readonly type_url: string;
  readonly node?: { readonly id?: string } | null;
  readonly resource_names_subscribe?: readonly string[];
  readonly resource_names_unsubscribe?: readonly string[];
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string } | null;
}

/** Envoy refused a push, or stopped answering. */
export class EnvoyRefusal extends Error {
  override readonly name = 'EnvoyRefusal';
}

const kinds = Object.keys(typeUrls) as ResourceKind[];
const kindOf = new Map(kinds.map((kind) => [typeUrls[kind], kind]));
// Concatenated protobuf messages are their union: a large response is encoded in slices, to spare memory.
const sliceSize = 2000;

/** One Envoy's delta ADS stream: what it asked for, what it holds, what it has not answered yet. */
export class XdsStream {
  node = '';
  /** True from the first refusal on: nothing more is sent; the stream is to be ended, so that Envoy starts afresh. */
  refused = false;
  closed = false;
  private readonly asked = new Map<ResourceKind, ReadonlyMap<string, string>>();
  private readonly subscribed = { endpoints: new Set<string>(), tables: new Set<string>() };
  private readonly outstanding = new Map<string, ResourceKind>();
  /** Resources that Envoy will subscribe to, and has not yet. */
  private readonly missing = { endpoints: new Set<string>(), tables: new Set<string>() };
  /** Tables are answered only once their clusters are there. */
  private tablesHeld = true;
  private nonce = 0;
  private failure: Error | null = null;
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly call: ServerDuplexStream<DeltaRequest, Buffer>,
    private readonly published: Published,
    private readonly keying: ScopeKeying,
    private readonly onRefusal: (reason: string) => void,
  ) {}

  receive(request: DeltaRequest): void {
    const kind = kindOf.get(request.type_url);
    if (request.node?.id) this.node = request.node.id;
    if (kind === undefined) return;
    const nonce = request.response_nonce ?? '';
    if (nonce !== '' && this.outstanding.delete(nonce) && request.error_detail) {
      this.refused = true;
      const reason = `Envoy refused ${kind}: ${request.error_detail.message ?? 'no reason given'}`;
      this.failure = new EnvoyRefusal(reason);
      this.onRefusal(reason);
    }
    if (!this.asked.has(kind)) this.asked.set(kind, new Map(Object.entries(request.initial_resource_versions ?? {})));
    if (kind === 'endpoints' || kind === 'tables') this.resubscribe(kind, request);
    this.changed();
  }

  close(): void {
    this.closed = true;
    this.failure ??= new EnvoyRefusal('Envoy closed the stream');
    this.changed();
  }

  end(): void {
    if (!this.closed) this.call.end();
  }

  /** Brings a new stream to what is published, make-before-break; resolves when Envoy holds all of it. */
  async catchUp(timeoutMs: number): Promise<void> {
    const { clusters, endpoints, tables, scopes } = this.published;
    await this.until(() => this.asked.has('clusters'), timeoutMs);
    const heldClusters = this.asked.get('clusters') ?? new Map<string, string>();
    const clusterDiff = difference('clusters', heldClusters, clusters, (resource) => resource.version);
    this.expect('endpoints', endpoints.keys());
    this.send({ ...clusterDiff, removed: [] }, heldClusters.size === 0);
    // A changed cluster waits for its endpoints, which Envoy does not ask for again.
    this.send({ kind: 'endpoints', set: this.endpointsOf(clusterDiff.set.keys()), removed: [] });
    await this.settled(timeoutMs);

    this.tablesHeld = false;
    const heldTables = this.asked.get('tables') ?? new Map<string, string>();
    this.send({ kind: 'tables', set: this.currentTables(this.subscribed.tables, heldTables), removed: [] });
    await this.until(() => this.asked.has('scopes'), timeoutMs);
    const heldScopes = this.asked.get('scopes') ?? new Map<string, string>();
    const scopeDiff = difference('scopes', heldScopes, scopes, (table) => table);
    this.expect('tables', tables.keys());
    if (heldScopes.size > 0) {
      const holders = new Map([...scopeDiff.set].filter(([name]) => name.startsWith('//')));
      this.send({ kind: 'scopes', set: holders, removed: [] });
      await this.settled(timeoutMs);
      for (const name of holders.keys()) (scopeDiff.set as Map<string, string>).delete(name);
    }
    this.send({ ...scopeDiff, removed: [] }, heldScopes.size === 0);
    await this.settled(timeoutMs);
    this.send({ kind: 'scopes', set: new Map(), removed: scopeDiff.removed });
    await this.settled(timeoutMs);
    this.send({ kind: 'clusters', set: new Map(), removed: clusterDiff.removed });
    await this.settled(timeoutMs);
  }

  /** Sends a step that has just been published; resolves when Envoy holds it. */
  async push(step: Step, timeoutMs: number): Promise<void> {
    if (this.refused) throw this.failure ?? new EnvoyRefusal('Envoy refused an earlier push');
    for (const change of step) {
      if (change.kind === 'clusters') {
        this.expect('endpoints', change.set.keys());
        this.send(change);
        const resend = this.endpointsOf([...change.set.keys()].filter((name) => this.subscribed.endpoints.has(name)));
        this.send({ kind: 'endpoints', set: resend, removed: [] });
      } else if (change.kind === 'scopes') {
        this.expect('tables', new Set(change.set.values() as Iterable<string>));
        this.send(change);
      } else {
        const wanted = this.subscribed[change.kind];
        // Envoy lets go of these itself once nothing refers to them.
        this.send({ ...change, set: new Map([...change.set].filter(([name]) => wanted.has(name))), removed: [] });
      }
    }
    await this.settled(timeoutMs);
  }

  private settled(timeoutMs: number): Promise<void> {
    const { missing, outstanding } = this;
    return this.until(
      () => outstanding.size === 0 && missing.endpoints.size === 0 && missing.tables.size === 0,
      timeoutMs,
    );
  }

  private expect(kind: 'endpoints' | 'tables', names: Iterable<string>): void {
    for (const name of names)
      if (!this.subscribed[kind].has(name) && this.published[kind].has(name)) this.missing[kind].add(name);
  }

  private resubscribe(kind: 'endpoints' | 'tables', request: DeltaRequest): void {
    const names = request.resource_names_subscribe ?? [];
    for (const name of names) {
      this.subscribed[kind].add(name);
      this.missing[kind].delete(name);
    }
    for (const name of request.resource_names_unsubscribe ?? []) this.subscribed[kind].delete(name);
    if (kind === 'endpoints') this.send({ kind, set: this.endpointsOf(names), removed: [] });
    else if (!this.tablesHeld) {
      const held = new Map(Object.entries(request.initial_resource_versions ?? {}));
      this.send({ kind, set: this.currentTables(names, held), removed: [] });
    }
  }

  private endpointsOf(names: Iterable<string>): Map<string, Resource> {
    return pick(this.published.endpoints, names);
  }

  private currentTables(names: Iterable<string>, held: ReadonlyMap<string, string>): Map<string, Resource> {
    const tables = pick(this.published.tables, names);
    for (const [name, { version }] of tables) if (held.get(name) === version) tables.delete(name);
    return tables;
  }

  private send(change: Change, evenIfEmpty = false): void {
    const { kind, set, removed } = change;
    if (this.closed || this.refused || (set.size === 0 && removed.length === 0 && !evenIfEmpty)) return;
    const nonce = `${++this.nonce}`;
    this.outstanding.set(nonce, kind);
    this.call.write(encodeResponse(change, nonce, this.keying));
  }

  private until(condition: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error) => {
        clearTimeout(timer);
        this.watchers.delete(check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = () => {
        if (this.failure !== null) done(this.failure);
        else if (condition()) done();
      };
      const timer = setTimeout(() => {
        this.refused = true;
        done(new EnvoyRefusal(`Envoy has not acknowledged within ${timeoutMs} ms${this.waitingFor()}`));
      }, timeoutMs);
      this.watchers.add(check);
      check();
    });
  }

  private waitingFor(): string {
    const { missing, outstanding } = this;
    const waiting = [
      ...[...new Set(outstanding.values())].map((kind) => `an answer on ${kind}`),
      ...(missing.endpoints.size > 0 ? [`${missing.endpoints.size} subscriptions to endpoints`] : []),
      ...(missing.tables.size > 0 ? [`${missing.tables.size} subscriptions to tables`] : []),
    ];
    return waiting.length === 0 ? '' : `: still waits for ${waiting.join(', ')}`;
  }

  private changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
}

function pick<T>(from: ReadonlyMap<string, T>, names: Iterable<string>): Map<string, T> {
  const picked = new Map<string, T>();
  for (const name of names) {
    const value = from.get(name);
    if (value !== undefined) picked.set(name, value);
  }
  return picked;
}

function difference<T extends Resource | string>(
  kind: ResourceKind,
  held: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, T>,
  version: (value: T) => string,
): { kind: ResourceKind; set: Map<string, T>; removed: string[] } {
  const set = new Map<string, T>();
  for (const [name, value] of wanted) if (held.get(name) !== version(value)) set.set(name, value);
  const removed = [...held.keys()].filter((name) => !wanted.has(name));
  return { kind, set, removed };
}

function encodeResponse(change: Change, nonce: string, keying: ScopeKeying): Buffer {
  const serialize = protos().serializeResponse;
  const parts = [serialize({ type_url: typeUrls[change.kind], nonce, removed_resources: change.removed })];
  let resources: object[] = [];
  const flush = () => {
    if (resources.length > 0) parts.push(serialize({ resources }));
    resources = [];
  };
  for (const [name, value] of change.set) {
    if (typeof value === 'string')
      resources.push({ name, version: value, resource: scopeResource(name, value, keying) });
    else resources.push({ name, version: value.version, resource: value.body() });
    if (resources.length >= sliceSize) flush();
  }
  flush();
  return Buffer.concat(parts);
}
