import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncRequest, SyncResponse } from '../protocol/agent-api';
import type { ModelTable } from '../render/model-table';
import type { ServerAddress } from './adapters/adapter';
import { makeAdapter } from './adapters/make-adapter';
import { type ApiBackend, apiServer } from './api';
import { Journal } from './journal';
import type { Log } from './log';
import { Manager } from './manager';
import { AgentMetrics } from './metrics';
import { MountedTable } from './mounted-table';
import { DemandProxy } from './proxy/proxy';
import { reasonOf } from './reason';
import { memoryReader } from './server-memory';
import type { AgentSettings } from './settings';
import { credentialsFrom } from './storage/credentials';
import { Store } from './storage/store';
import { type ChosenTable, TableChoice } from './table-choice';

/** Longer than a router lets a poll wait, and shorter than its silence would be noticed. */
const longestWaitMs = 20_000;
const drainLimitMs = 100_000;

/** The agent as a whole: tables in, models in and out of the server, reports to routers. */
export class Agent implements ApiBackend {
  readonly adminToken: string | null;
  readonly manager: Manager;
  private readonly instance = randomUUID();
  private readonly metricsRegistry: AgentMetrics;
  private readonly tables: TableChoice;
  private readonly mounted: MountedTable;
  private readonly servers: Server[] = [];
  private readonly stopping = new AbortController();
  private chosen: ChosenTable | null = null;
  private capacityDisk = 0;
  private store: Store | null = null;
  private drained: Promise<void> | null = null;
  private failure: string | null = null;
  private server: ServerAddress | null = null;
  private readonly proxy: DemandProxy;

  constructor(
    private readonly settings: AgentSettings,
    private readonly log: Log,
  ) {
    const { fetchTimeoutMs, loadTimeoutMs, probeSeconds, readyHoldMs, roomWaitMs } = settings;
    const limits = { readyHoldMs, roomWaitMs };
    this.adminToken = settings.adminToken;
    this.tables = new TableChoice(settings);
    this.metricsRegistry = new AgentMetrics(
      settings,
      () => this.manager.core.reports(0).models,
      () => this.store?.usedBytes ?? 0,
    );
    const metrics = this.metricsRegistry;
    this.manager = new Manager({ log, metrics, limits, fetchTimeoutMs, loadTimeoutMs, probeSeconds });
    const admit = (served: string) => this.manager.admit(served, settings.demandWaitMs);
    this.proxy = new DemandProxy(() => this.server, admit);
    this.mounted = new MountedTable(settings.modelTable, (parts) => {
      const problem = this.tables.mount(parts, this.manager.now());
      if (problem !== null) log('error', 'the mounted model table cannot be used', { reason: problem });
      this.choose();
    });
  }

  async start(): Promise<void> {
    const { host, agent, proxy } = this.settings.listen;
    this.servers.push(await listening(apiServer(this), agent, host));
    await this.proxy.listen(proxy, host);
    await this.mounted.start();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.mounted.stop();
    this.proxy.close();
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
    }
    await this.manager.stop();
  }

  live(): boolean {
    return this.failure === null;
  }

  ready(): boolean {
    return this.manager.core.ready;
  }

  metrics(): Promise<{ readonly type: string; readonly body: string }> {
    return this.metricsRegistry.text();
  }

  drain(): Promise<void> {
    this.drained ??= this.waitUntilDrained();
    return this.drained;
  }

  async sync(request: SyncRequest, closed: AbortSignal): Promise<SyncResponse> {
    const { core } = this.manager;
    const known = request.instance === this.instance;
    const since = known ? request.since : 0;
    const tableProblem = request.table === undefined ? null : this.tables.push(request.table, this.manager.now());
    const { router, routed, leaves = false } = request;
    const released = known ? request.released : [];
    this.manager.send(leaves ? { type: 'left', router } : { type: 'heard', router, since, released, routed });
    this.choose();
    if (tableProblem === null && !leaves) await this.news(since, Math.min(request.waitMs, longestWaitMs), closed);
    if (!closed.aborted) this.manager.send({ type: 'listened', router });
    return {
      pod: this.settings.pod,
      shard: this.settings.shard,
      instance: this.instance,
      revision: core.revision,
      serving: core.serving,
      tableDigest: this.chosen?.digest ?? null,
      tableRevision: this.chosen?.revision ?? 0,
      tableProblem,
      ...core.reports(since),
    };
  }

  /** Resolves when there is something newer than `since`, or when it has waited long enough. */
  private news(since: number, waitMs: number, closed: AbortSignal): Promise<void> {
    const ends = [closed, this.stopping.signal];
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        stop();
        for (const signal of ends) signal.removeEventListener('abort', end);
        resolve();
      };
      const look = (): void => {
        if (this.manager.core.revision > since || ends.some(({ aborted }) => aborted)) end();
      };
      const stop = this.manager.onChange(look);
      const timer = setTimeout(end, waitMs);
      for (const signal of ends) signal.addEventListener('abort', end);
      look();
    });
  }

  private choose(): void {
    const now = this.manager.now();
    const chosen = this.tables.choose(now, this.manager.core.routersSilentMs(now));
    if (chosen === null || chosen.digest === this.chosen?.digest) {
      if (chosen !== null && chosen.revision !== this.chosen?.revision) {
        this.chosen = chosen;
        this.manager.send({ type: 'news' });
      }
      return;
    }
    const first = this.chosen === null;
    this.chosen = chosen;
    this.capacityDisk = chosen.table.header.capacity.diskBytes;
    this.log('info', 'model table', { models: chosen.table.models.length, revision: chosen.revision });
    if (first) this.meetServer(chosen.table);
    this.manager.setTable(chosen.table);
  }

  /** The first table says what the server is. */
  private meetServer({ header }: ModelTable): void {
    const { settings } = this;
    const { ports } = header.runtime;
    const address = {
      host: settings.server.host,
      http: settings.server.http ?? ports.http,
      grpc: settings.server.grpc ?? ports.grpc,
      metrics: settings.server.metrics ?? ports.metrics,
      repository: settings.repository ?? header.runtime.path,
      adminToken: settings.adminToken,
    };
    this.server = address;
    const root = join(address.repository, '.stowage');
    const { claims } = settings;
    const credentials = credentialsFrom(settings.credentials);
    this.store = new Store({ root, credentials, claims, capacityBytes: () => this.capacityDisk });
    const start = async (store: Store): Promise<void> => {
      const adapter = makeAdapter(header.runtime, address);
      const memory = memoryReader(address, settings.server.pid);
      await this.manager.start({ adapter, store, journal: new Journal(root), memory });
    };
    start(this.store).catch((error: unknown) => {
      this.failure = reasonOf(error);
      this.log('error', 'the agent cannot start', { reason: this.failure });
    });
  }

  private async waitUntilDrained(): Promise<void> {
    const { manager } = this;
    const until = manager.now() + drainLimitMs;
    this.log('info', 'draining');
    manager.send({ type: 'drain' });
    while (!manager.core.drained(manager.now()) && manager.now() < until && !this.stopping.signal.aborted) {
      await sleep(100);
    }
    this.log('info', 'drained');
  }
}

function listening(server: Server, port: number, host: string | null): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === null ? {} : { host }) }, () => resolve(server));
  });
}
