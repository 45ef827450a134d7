import type { ModelTableEntry } from '../render/model-table';
import type { Adapter } from './adapters/adapter';
import type { AgentCore } from './core/agent-core';
import type { CoreEvent } from './core/events';
import type { MemoryReader } from './server-memory';
import type { Store } from './storage/store';

export interface WatchParts {
  readonly core: AgentCore;
  readonly adapter: Adapter;
  readonly store: Store;
  readonly memory: MemoryReader;
  /** What the journal of an earlier agent says. */
  readonly journaled: readonly ModelTableEntry[];
  readonly send: (event: CoreEvent) => void;
  /** Looks between two probes of a loaded model. */
  readonly probeEvery: number;
}

/** How many models are asked for at each look: a server that started again unseen holds none of them. */
const sampleSize = 10;

/** Keeps the core's picture of the server true: is it there, and does it still hold what it was given? */
export class ServerWatch {
  private known = false;
  private looks = 0;
  private next = 0;
  private strikes: { readonly served: string; readonly count: number } | null = null;

  constructor(private readonly parts: WatchParts) {}

  async look(): Promise<void> {
    const { adapter, core, memory, probeEvery, send } = this.parts;
    this.looks += 1;
    const state = await adapter.state();
    if (state === 'down') {
      if (this.known) send({ type: 'server-lost' });
      this.known = false;
      return;
    }
    if (state === 'busy') return;
    if (!this.known || (await this.lostSome())) await this.takeStock();
    const bytes = await memory();
    if (bytes !== null) send({ type: 'rss', bytes });
    const held = core.held();
    if (this.strikes !== null || this.looks % probeEvery === 0) {
      await this.probe(held[Math.floor(this.looks / probeEvery) % Math.max(1, held.length)]);
    }
  }

  /** Asks for everything that the server may hold. */
  private async takeStock(): Promise<void> {
    const { adapter, core, journaled, store, send } = this.parts;
    const asked = core.quiet();
    const candidates = new Map<string, ModelTableEntry>();
    for (const served of asked.keys()) {
      const record = core.record(served);
      if (record !== undefined) candidates.set(served, record.memory ?? record.entry);
    }
    if (!this.known) for (const entry of journaled) candidates.set(entry.served, entry);
    const holding = await adapter.holding([...candidates.keys()]);
    const all = [...candidates.values()];
    send({
      type: 'held',
      asked,
      entries: all.filter(({ served }) => holding.has(served)),
      files: all.filter((entry) => store.has(entry)),
    });
    this.known = true;
  }

  private async lostSome(): Promise<boolean> {
    const { adapter, core } = this.parts;
    const quiet = core.quiet();
    const held = core.held().filter(({ served }) => quiet.has(served));
    if (held.length === 0) return false;
    const sample = Array.from({ length: Math.min(sampleSize, held.length) }, (_, i) => {
      return held[(this.next + i) % held.length]?.served ?? '';
    });
    this.next = (this.next + sample.length) % held.length;
    const holding = await adapter.holding(sample);
    return sample.some((served) => !holding.has(served) && core.quiet().get(served) === quiet.get(served));
  }

  /** Twice in a row: one bad answer may be chance. */
  private async probe(entry: ModelTableEntry | undefined): Promise<void> {
    const { adapter, core, send } = this.parts;
    const served = this.strikes?.served ?? entry?.served;
    if (adapter.probe === undefined || served === undefined) return;
    const reason = await adapter.probe(served);
    const count = reason === null ? 0 : 1 + (this.strikes?.count ?? 0);
    this.strikes = count === 0 ? null : { served, count };
    if (reason === null || count < 2) return;
    this.strikes = null;
    if (core.quiet().has(served)) send({ type: 'dead', served, reason });
  }
}
