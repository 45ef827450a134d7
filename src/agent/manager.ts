import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelTable, ModelTableEntry } from '../render/model-table';
import type { Adapter } from './adapters/adapter';
import { AgentCore } from './core/agent-core';
import type { CoreAction, CoreEvent, CoreLimits, Outcome } from './core/events';
import type { Journal } from './journal';
import type { Log } from './log';
import type { AgentMetrics } from './metrics';
import { reasonOf } from './reason';
import type { MemoryReader } from './server-memory';
import { ServerWatch } from './server-watch';
import type { Store } from './storage/store';

export interface ServerParts {
  readonly adapter: Adapter;
  readonly store: Store;
  readonly journal: Journal;
  readonly memory: MemoryReader;
}

export interface ManagerOptions {
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly limits?: Partial<CoreLimits>;
  /** How long one load, and one fetch, may take. */
  readonly loadTimeoutMs: number;
  readonly fetchTimeoutMs: number;
  readonly probeSeconds: number;
}

/** A request's leave to use a model: `done` when it ends. */
export type Admission =
  | { readonly kind: 'ready'; readonly done: () => void }
  | Exclude<Outcome, { readonly kind: 'ready' }>;

const lookMs = 1000;

/** Does what the core decides, and tells it what came of it. */
export class Manager {
  readonly core: AgentCore;
  private parts: ServerParts | null = null;
  private readiness: 'not yet' | 'refused' | 'noted' = 'not yet';
  private readonly waiters = new Map<string, ((outcome: Outcome) => void)[]>();
  private readonly listeners = new Set<() => void>();
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly options: ManagerOptions) {
    this.core = new AgentCore(this.now(), options.limits);
  }

  /** A monotonic clock, in milliseconds. */
  now(): number {
    return Math.floor(performance.now());
  }

  /** Once, when the first table says which server this is. */
  async start(parts: ServerParts): Promise<void> {
    const { core } = this;
    this.parts = parts;
    await parts.adapter.prepare();
    await parts.store.open();
    const journaled = await parts.journal.read();
    if (await parts.journal.wasReady()) this.send({ type: 'ready-before' });
    const send = (event: CoreEvent): void => this.send(event);
    const probeEvery = Math.max(1, Math.round((this.options.probeSeconds * 1000) / lookMs));
    this.spawn(this.keepLooking(new ServerWatch({ ...parts, core, journaled, send, probeEvery })));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  setTable(table: ModelTable): void {
    this.send({ type: 'table', table });
  }

  send(event: CoreEvent): void {
    const before = this.core.revision;
    for (const action of this.core.handle(event, this.now())) this.perform(action);
    this.noteReadiness();
    if (this.core.revision !== before) for (const listener of [...this.listeners]) listener();
  }

  private noteReadiness(): void {
    const { core, parts, options } = this;
    if (core.refused !== null && this.readiness === 'not yet') {
      this.readiness = 'refused';
      options.log('warn', 'the pod is not ready: too many models cannot be loaded', { ...core.refused });
    }
    if (!core.ready || parts === null || this.readiness === 'noted') return;
    if (this.readiness === 'refused') options.log('info', 'the pod is ready');
    this.readiness = 'noted';
    this.spawn(parts.journal.noteReady().catch((error: unknown) => this.cannotWrite(error)));
  }

  /** Called at each new revision, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Waits until an on-demand model may be used; `busy` when there was no room in time. */
  async admit(served: string, waitMs: number): Promise<Admission> {
    const { metrics } = this.options;
    const hit = this.core.pin(served, this.now());
    if (hit) {
      metrics.demanded('hit');
      return this.ready(served);
    }
    const started = this.now();
    const outcome = await this.waitFor(served, waitMs);
    metrics.demanded(outcome.kind === 'ready' ? 'miss' : outcome.kind);
    if (outcome.kind !== 'ready') return outcome;
    metrics.missWaited((this.now() - started) / 1000);
    return this.ready(served);
  }

  private ready(served: string): Admission {
    let open = true;
    const done = (): void => {
      if (open) this.send({ type: 'done', served });
      open = false;
    };
    return { kind: 'ready', done };
  }

  private waitFor(served: string, waitMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const waiters = this.waiters.get(served) ?? [];
      this.waiters.set(served, waiters);
      const finish = (outcome: Outcome): void => {
        clearTimeout(timer);
        resolve(outcome);
      };
      const timer = setTimeout(() => {
        const at = waiters.indexOf(finish);
        if (at < 0) return;
        waiters.splice(at, 1);
        this.send({ type: 'abandon', served });
        resolve({ kind: 'busy', reason: 'it is still being loaded', retryAfterMs: 5000 });
      }, waitMs);
      waiters.push(finish);
      this.send({ type: 'demand', served });
    });
  }

  private perform(action: CoreAction): void {
    const { parts } = this;
    if (action.type === 'settled') {
      const waiters = this.waiters.get(action.served) ?? [];
      this.waiters.delete(action.served);
      for (const waiter of waiters) waiter(action.outcome);
      return;
    }
    if (parts === null) return;
    const work = {
      fetch: () => action.type === 'fetch' && this.fetch(parts, action.entry),
      load: () => action.type === 'load' && this.load(parts, action.entry),
      unload: () => action.type === 'unload' && this.unload(parts, action.served, action.evicted),
      discard: () => action.type === 'discard' && parts.store.discard(action.served, ...action.keep),
    }[action.type]();
    if (work !== false) this.spawn(work);
  }

  private async fetch({ store }: ServerParts, entry: ModelTableEntry): Promise<void> {
    const { served } = entry;
    const { metrics, fetchTimeoutMs, log } = this.options;
    try {
      const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(fetchTimeoutMs)]);
      metrics.fetched(await store.fetch(entry, signal));
      this.send({ type: 'fetched', served });
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      metrics.failed('fetch');
      log('warn', 'fetch failed', { model: entry.model, reason: reasonOf(error) });
      this.send({ type: 'fetch-failed', served, reason: reasonOf(error) });
    }
  }

  private async load(parts: ServerParts, entry: ModelTableEntry): Promise<void> {
    const { adapter, store, memory } = parts;
    const { served } = entry;
    const { metrics, log, loadTimeoutMs: timeoutMs } = this.options;
    const reload = (this.core.record(served)?.memory ?? null) !== null;
    const started = this.now();
    try {
      const before = await memory();
      await adapter.load(entry, store.folderOf(entry), { reload, timeoutMs });
      const after = await memory();
      if (after !== null) this.send({ type: 'rss', bytes: after });
      const riseBytes = before === null || after === null ? null : Math.max(0, after - before);
      metrics.loaded((this.now() - started) / 1000);
      log('info', 'loaded', { model: entry.model, ms: this.now() - started, riseBytes });
      // In its turn before a fetch of newer files, which the news may begin.
      const discarded = store.discard(served, entry);
      this.send({ type: 'loaded', served, riseBytes });
      await discarded;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      metrics.failed('load');
      log('warn', 'load failed', { model: entry.model, reason: reasonOf(error) });
      this.send({ type: 'load-failed', served, reason: reasonOf(error), kept: reload && adapter.keepsOnFailure });
    }
    await this.note(parts);
  }

  private async unload(parts: ServerParts, served: string, evicted: boolean): Promise<void> {
    const { metrics, log, loadTimeoutMs } = this.options;
    try {
      await parts.adapter.unload(served, AbortSignal.any([this.stopping.signal, AbortSignal.timeout(loadTimeoutMs)]));
      if (evicted) metrics.evicted();
      log('info', evicted ? 'evicted' : 'unloaded', { served });
      this.send({ type: 'unloaded', served });
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      metrics.failed('unload');
      log('warn', 'unload failed', { served, reason: reasonOf(error) });
      this.send({ type: 'unload-failed', served, reason: reasonOf(error) });
    }
    await this.note(parts);
  }

  private async note({ journal }: ServerParts): Promise<void> {
    await journal.write(this.core.held()).catch((error: unknown) => this.cannotWrite(error));
  }

  private cannotWrite(error: unknown): void {
    this.options.log('error', 'the journal cannot be written', { reason: reasonOf(error) });
  }

  private async keepLooking(watch: ServerWatch): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await watch.look();
      } catch (error) {
        this.options.log('warn', 'the model server cannot be asked', { reason: reasonOf(error) });
      }
      this.send({ type: 'tick' });
      await sleep(lookMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private spawn(work: Promise<void>): void {
    const done = work.finally(() => this.running.delete(done));
    this.running.add(done);
  }
}
