import type { ModelReport } from '../../protocol/agent-api';
import type { ModelTable, ModelTableEntry } from '../../render/model-table';
import { type CoreAction, type CoreEvent, type CoreLimits, defaultLimits, type Outcome } from './events';
import { MeasuredMemory } from './measured';
import { type ModelRecord, newRecord } from './model-record';
import { Readiness, type Refused } from './readiness';
import { dismiss, judgeHeld, pin, RecordSteps, want } from './record-steps';
import { Gone, reportOf } from './reports';
import { Routers } from './routers';
import { byClaim, schedule } from './schedule';

/** What the server was known to hold when it was asked, so that an answer that comes late does no harm. */
export type Snapshot = ReadonlyMap<string, ModelTableEntry | null>;

/**
 * What the agent decides, without any effect: events in, actions out. It holds the desired table, the state of each
 * model and what routers have said; the clock is the caller's.
 */
export class AgentCore {
  private readonly records = new Map<string, ModelRecord>();
  private readonly touched = new Set<ModelRecord>();
  private readonly gone = new Gone();
  private readonly measured = new MeasuredMemory();
  private readonly routers: Routers;
  private readonly limits: CoreLimits;
  private readonly steps: RecordSteps;
  private readonly readiness: Readiness;
  private table: ModelTable | null = null;
  private serverKnown = false;
  private drainRevision: number | null = null;
  private toldServing = false;
  private news = false;
  private latest = 1;
  private sorted: readonly ModelRecord[] | null = null;
  private actions: CoreAction[] = [];

  constructor(startedAt: number, limits: Partial<CoreLimits> = {}) {
    this.routers = new Routers(startedAt);
    this.limits = { ...defaultLimits, ...limits };
    this.readiness = new Readiness(this.limits.readyHoldMs);
    this.steps = new RecordSteps(
      this.measured,
      this.limits,
      (served, outcome) => this.settle(served, outcome),
      ({ served, bytes }) => this.correct(served, bytes),
    );
  }

  handle(event: CoreEvent, now: number): readonly CoreAction[] {
    this.actions = [];
    this.apply(event, now);
    if (this.table !== null) this.plan(now, this.table);
    this.tell();
    if (this.serverKnown && this.table !== null) this.readiness.look(this.records.values(), now);
    return this.actions;
  }

  /** Goes up with every change that routers are told of. */
  get revision(): number {
    return this.latest;
  }

  /** What changed after `since`, or everything where that cannot be said. */
  reports(since: number): { readonly full: boolean; readonly models: readonly ModelReport[] } {
    const full = since <= 0 || since > this.latest || !this.gone.complete(since);
    const all = [...this.records.values()];
    if (full) return { full, models: all.filter(({ going }) => !going).map(reportOf) };
    const changed = all.filter(({ revision }) => revision > since).map(reportOf);
    return { full, models: [...changed, ...this.gone.after(since)] };
  }

  /** Requests may be sent to this pod. */
  get serving(): boolean {
    return this.serverKnown && this.drainRevision === null;
  }

  /** How long no router has been heard, in milliseconds. */
  routersSilentMs(now: number): number {
    return this.routers.silentSince(now);
  }

  /** The pod may take the place of another. */
  get ready(): boolean {
    return this.readiness.ready && this.drainRevision === null;
  }

  /** What keeps the pod from being ready although everything was tried. */
  get refused(): Refused | null {
    return this.readiness.refused;
  }

  /** No router sends requests here any more, and none is under way in the proxy. */
  drained(now: number): boolean {
    return (
      this.drainRevision !== null &&
      this.routers.letGo(this.drainRevision, now) &&
      [...this.records.values()].every(({ pins, waiting }) => pins + waiting === 0)
    );
  }

  /** Models that nothing is being done with, and what the server is thought to hold of them. */
  quiet(): Snapshot {
    const quiet = [...this.records.values()].filter((record) => record.work === null);
    return new Map(quiet.map((record) => [record.served, record.memory]));
  }

  /** What the server is thought to hold. */
  held(): readonly ModelTableEntry[] {
    return [...this.records.values()].flatMap(({ memory }) => (memory === null ? [] : [memory]));
  }

  record(served: string): Readonly<ModelRecord> | undefined {
    return this.records.get(served);
  }

  /** A request comes for a loaded model: pins it. False: it is not loaded, or is being unloaded. */
  pin(served: string, now: number): boolean {
    const record = this.records.get(served);
    return record !== undefined && pin(record, now);
  }

  private apply(event: CoreEvent, now: number): void {
    switch (event.type) {
      case 'table':
        this.setTable(event.table, now);
        this.news = true;
        return;
      case 'news':
        this.news = true;
        return;
      case 'held':
        this.setHeld(event, now);
        return;
      case 'server-lost':
        this.loseServer();
        return;
      case 'ready-before':
        this.readiness.readyBefore();
        return;
      case 'rss':
        this.measured.observe(event.bytes, this.held().length === 0);
        return;
      case 'heard':
        this.routers.hear(event, this.records.values(), now);
        return;
      case 'left':
        this.routers.leave(event.router, now);
        return;
      case 'listened':
        this.routers.listened(event.router, now);
        return;
      case 'drain':
        if (this.drainRevision !== null) return;
        this.drainRevision = this.latest + 1;
        // Also where nothing was served before: routers have to see this revision.
        this.news = true;
        return;
      case 'tick':
        return;
      default: {
        const record = this.records.get(event.served);
        if (record !== undefined) {
          this.touched.add(record);
          this.steps.apply(record, event, now);
        } else if (event.type === 'demand') this.settle(event.served, { kind: 'unknown' });
      }
    }
  }

  /** Another figure of a loaded model's memory. */
  private correct(served: string, bytes: number): void {
    const record = this.records.get(served);
    if (record === undefined || record.memory === null || record.memoryBytes === bytes) return;
    record.memoryBytes = bytes;
    this.touched.add(record);
  }

  private setTable(table: ModelTable, now: number): void {
    this.table = table;
    this.sorted = null;
    const wanted = new Set<string>();
    for (const entry of table.models) {
      wanted.add(entry.served);
      const record = this.records.get(entry.served) ?? this.newRecord(entry, now);
      this.touched.add(record);
      want(record, entry, now);
    }
    for (const record of this.records.values()) {
      if (record.wanted && !wanted.has(record.served)) this.dismiss(record, now);
    }
  }

  private dismiss(record: ModelRecord, now: number): void {
    this.touched.add(record);
    dismiss(record, this.latest + 1, now);
  }

  private newRecord(entry: ModelTableEntry, now: number): ModelRecord {
    const record = newRecord(entry, now);
    this.records.set(entry.served, record);
    this.sorted = null;
    this.gone.remove(entry.served);
    return record;
  }

  private setHeld(event: Extract<CoreEvent, { type: 'held' }>, now: number): void {
    this.serverKnown = true;
    const held = new Map(event.entries.map((entry) => [entry.served, entry]));
    for (const entry of event.entries) this.known(entry, true, now);
    for (const entry of event.files) this.known(entry, false, now).files ??= entry;
    for (const record of this.records.values()) {
      if (judgeHeld(record, event.asked, held)) this.touched.add(record);
    }
  }

  /** A model that the server or the disk holds, whether or not the table has it. */
  private known(entry: ModelTableEntry, held: boolean, now: number): ModelRecord {
    const known = this.records.get(entry.served);
    if (known !== undefined) return known;
    const record = this.newRecord(entry, now);
    if (held) record.memory = entry;
    this.dismiss(record, now);
    return record;
  }

  private loseServer(): void {
    this.serverKnown = false;
    this.readiness.serverLost();
    this.measured.restarted();
    for (const record of this.records.values()) {
      if (record.memory === null) continue;
      Object.assign(record, { memory: null, memoryBytes: null });
      this.touched.add(record);
    }
  }

  /** Sorted anew only when models came, went or changed. */
  private order(): readonly ModelRecord[] {
    this.sorted ??= [...this.records.values()].sort(byClaim);
    return this.sorted;
  }

  private plan(now: number, table: ModelTable): void {
    const outcome = schedule({
      order: this.order(),
      capacity: table.header.capacity,
      measuredBytes: this.measured.usedBytes,
      serverKnown: this.serverKnown,
      draining: this.drainRevision !== null,
      released: (record) => this.routers.released(record, now),
      limits: this.limits,
      now,
    });
    for (const record of outcome.touched) this.touched.add(record);
    for (const record of outcome.gone) {
      this.records.delete(record.served);
      this.sorted = null;
      this.touched.delete(record);
      // Most were said to be gone when their unload began.
      if (JSON.stringify(reportOf(record)) !== record.told) {
        this.latest += 1;
        record.revision = this.latest;
      }
      this.gone.add(reportOf(record), record.revision);
    }
    this.actions.push(...outcome.actions);
  }

  private settle(served: string, outcome: Outcome): void {
    this.actions.push({ type: 'settled', served, outcome });
  }

  /** Gives what changed in this step the next revision. */
  private tell(): void {
    const news = this.news || this.serving !== this.toldServing;
    let next = this.latest + (news ? 1 : 0);
    this.news = false;
    this.toldServing = this.serving;
    for (const record of this.touched) {
      const report = JSON.stringify(reportOf(record));
      if (report === record.told) continue;
      next = this.latest + 1;
      record.told = report;
      record.revision = next;
    }
    this.latest = next;
    this.touched.clear();
  }
}
