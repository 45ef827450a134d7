import {
  type ModelReport,
  type ModelState,
  parseSyncRequest,
  parseSyncResponse,
  type SyncRequest,
  type SyncResponse,
  tableDigest,
} from '../../../src/protocol/agent-api';
import { servedOf } from './tables';

interface Held {
  readonly key: string;
  state: ModelState;
  changedAt: number;
  leavingAt: number;
}

/** How an agent is promised to behave (src/protocol/agent-api.ts), with loads that a test ends as it likes. */
export class FakeAgent {
  readonly models = new Map<string, Held>();
  /** Served name -> revision at which it stopped answering, of this instance. */
  readonly endedAt = new Map<string, number>();
  revision = 1;
  serving = true;
  private table: { digest: string; revision: number; keys: readonly string[] } | null = null;
  private readonly routers = new Map<string, { at: number; released: Set<string> }>();

  constructor(
    readonly pod: string,
    readonly shard: string,
    readonly instance: string,
    /** How many models fit. */
    private readonly room: number,
    private readonly bornAt: number,
    private readonly onUnload: (served: string, deaf: boolean, heard: ReadonlySet<string>) => void,
  ) {}

  holds(served: string): boolean {
    const state = this.models.get(served)?.state;
    return state === 'ready' || state === 'leaving';
  }

  handle(text: string, now: number): string {
    const request = parseSyncRequest(text);
    const router = this.routers.get(request.router) ?? { at: now, released: new Set<string>() };
    this.routers.set(request.router, router);
    router.at = now;
    if (request.leaves === true) this.routers.delete(request.router);
    this.takeTable(request);
    if (request.instance === this.instance) {
      for (const served of request.released) {
        const held = this.models.get(served);
        if (held?.state === 'leaving' && held.leavingAt <= request.since) router.released.add(served);
      }
    }
    this.unload(now);
    const response = this.response(request);
    parseSyncResponse(JSON.stringify(response));
    return JSON.stringify(response);
  }

  /** Ends one load. */
  finishLoad(served: string, fails: boolean): void {
    const held = this.models.get(served);
    if (held?.state === 'loading' || held?.state === 'failed') this.set(served, held.key, fails ? 'failed' : 'ready');
  }

  /** A loaded model stops answering, and is loaded again. */
  breakModel(served: string): void {
    const held = this.models.get(served);
    if (held?.state !== 'ready') return;
    this.set(served, held.key, 'loading');
    this.endedAt.set(served, this.revision);
  }

  setServing(serving: boolean): void {
    if (this.serving === serving) return;
    this.serving = serving;
    this.revision++;
  }

  unload(now: number): void {
    const last = Math.max(this.bornAt, ...[...this.routers.values()].map(({ at }) => at));
    const heard = [...this.routers].filter(([, { at }]) => now - at <= 30_000);
    const deaf = now - last > 60_000;
    for (const [served, held] of this.models) {
      if (held.state !== 'leaving') continue;
      const released = heard.length > 0 && heard.every(([, router]) => router.released.has(served));
      if (!released && !deaf) continue;
      this.set(served, held.key, 'gone');
      this.endedAt.set(served, this.revision);
      this.onUnload(served, deaf, new Set(heard.map(([name]) => name)));
      if (this.table?.keys.includes(held.key)) this.set(served, held.key, 'loading');
    }
    this.admit();
  }

  private takeTable(request: SyncRequest): void {
    if (request.table === undefined || request.table.revision < (this.table?.revision ?? 0)) return;
    const lines = Object.values(request.table.parts)
      .join('')
      .split('\n')
      .filter((line) => line !== '');
    const keys = lines.slice(1).map((line) => (JSON.parse(line) as { model: string }).model);
    const { revision, parts } = request.table;
    this.table = { digest: tableDigest(parts), revision, keys };
    this.revision++;
    for (const key of keys) {
      const held = this.models.get(servedOf(key));
      if (held === undefined || held.state === 'gone') this.set(servedOf(key), key, 'loading');
      else if (held.state === 'leaving') {
        this.set(servedOf(key), key, 'ready');
        for (const router of this.routers.values()) router.released.delete(servedOf(key));
      }
    }
    for (const [served, held] of this.models) {
      if (keys.includes(held.key)) continue;
      if (held.state === 'ready') this.set(served, held.key, 'leaving');
      else if (held.state !== 'leaving' && held.state !== 'gone') this.set(served, held.key, 'gone');
    }
  }

  /** What waits for room: as long as leaving models have it. */
  private admit(): void {
    const taking = () =>
      [...this.models.values()].filter(({ state }) => /ready|leaving|loading|failed/.test(state)).length;
    const leaves = [...this.models.values()].some(({ state }) => state === 'leaving');
    for (const [served, held] of this.models) {
      if (held.state === 'loading' && leaves && taking() > this.room) this.set(served, held.key, 'waiting');
      else if (held.state === 'waiting' && (taking() < this.room || !leaves)) this.set(served, held.key, 'loading');
    }
  }

  private set(served: string, key: string, state: ModelState): void {
    this.revision++;
    const leavingAt = state === 'leaving' ? this.revision : 0;
    this.models.set(served, { key, state, changedAt: this.revision, leavingAt });
    if (state === 'ready') this.endedAt.delete(served);
    if (state === 'leaving' || state === 'gone') {
      for (const router of this.routers.values()) router.released.delete(served);
    }
  }

  private response(request: SyncRequest): SyncResponse {
    const full = request.instance !== this.instance || request.since === 0 || request.since > this.revision;
    const models: ModelReport[] = [];
    for (const [served, held] of this.models) {
      if (full ? held.state === 'gone' : held.changedAt <= request.since) continue;
      const { state, key: model } = held;
      const reason = state === 'failed' ? 'it would not load' : null;
      models.push({ model, served, state, residency: 'resident', reason, memoryBytes: 900, declaredBytes: 1000 });
    }
    return {
      pod: this.pod,
      shard: this.shard,
      instance: this.instance,
      revision: this.revision,
      serving: this.serving,
      tableDigest: this.table?.digest ?? null,
      tableRevision: this.table?.revision ?? 0,
      tableProblem: null,
      full,
      models,
    };
  }

  /** Keys of its table, in order. */
  get wanted(): readonly string[] {
    return [...(this.table?.keys ?? [])].sort();
  }
}
