import type { ModelTableEntry } from '../../render/model-table';
import type { CoreEvent, CoreLimits, Outcome } from './events';
import type { Correction } from './first-loads';
import type { MeasuredMemory } from './measured';
import { type ModelRecord, sameFiles } from './model-record';
import { graceMs } from './routers';

/** Events that are about one model. */
export type RecordEvent = Extract<CoreEvent, { readonly served: string }>;

/** What each event does to the model that it is about. */
export class RecordSteps {
  constructor(
    private readonly measured: MeasuredMemory,
    private readonly limits: CoreLimits,
    private readonly settle: (served: string, outcome: Outcome) => void,
    private readonly correct: (correction: Correction) => void,
  ) {}

  apply(record: ModelRecord, event: RecordEvent, now: number): void {
    const { work } = record;
    switch (event.type) {
      case 'fetched':
        if (work?.kind !== 'fetching') return;
        this.addFiles(record, work.entry);
        record.work = { kind: 'fetched', entry: work.entry };
        return;
      case 'fetch-failed':
        if (work?.kind === 'fetching') this.fail(record, event.reason, now);
        return;
      case 'loaded':
        if (work?.kind === 'loading') this.finishLoad(record, work.entry, event.riseBytes, now);
        return;
      case 'load-failed':
        if (work?.kind !== 'loading') return;
        if (!event.kept) record.memory = null;
        this.fail(record, event.reason, now);
        return;
      case 'unloaded':
        if (work?.kind !== 'unloading') return;
        if (record.memory !== null) this.measured.unloaded(record.served, record.memory.size.memoryBytes);
        Object.assign(record, { memory: null, work: null, memoryBytes: null, failures: 0, reason: null });
        return;
      case 'unload-failed':
        if (work?.kind === 'unloading') this.fail(record, event.reason, now);
        return;
      case 'dead':
        if (work !== null || record.memory === null) return;
        Object.assign(record, { memory: null, memoryBytes: null });
        this.fail(record, event.reason, now);
        return;
      case 'demand':
        this.demand(record, now);
        return;
      case 'abandon':
        record.waiting = Math.max(0, record.waiting - 1);
        return;
      case 'done':
        record.pins = Math.max(0, record.pins - 1);
        record.lastUsed = now;
    }
  }

  private addFiles(record: ModelRecord, entry: ModelTableEntry): void {
    const { files, oldFiles } = record;
    const all = files === null ? oldFiles : [...oldFiles, files];
    record.oldFiles = all.filter((old) => !sameFiles(old, entry));
    record.files = entry;
  }

  private demand(record: ModelRecord, now: number): void {
    if (record.going) {
      this.settle(record.served, { kind: 'unknown' });
    } else if (pin(record, now)) {
      this.settle(record.served, { kind: 'ready', requests: 1 });
    } else {
      if (record.waiting === 0) record.waitingSince = now;
      record.waiting += 1;
    }
  }

  private finishLoad(record: ModelRecord, loaded: ModelTableEntry, riseBytes: number | null, now: number): void {
    // Its declared size may have changed while it was loaded.
    const entry = sameFiles(loaded, record.entry) ? record.entry : loaded;
    const told = this.measured.loaded(record.served, entry.format, entry.size.memoryBytes, riseBytes);
    if (told !== null) this.correct(told);
    const requests = record.waiting;
    Object.assign(record, { memory: entry, work: null, failures: 0, retryAt: 0, reason: null, blocked: null });
    record.oldFiles = [];
    Object.assign(record, { waiting: 0, pins: record.pins + requests, memoryBytes: riseBytes, lastUsed: now });
    if (requests > 0) this.settle(record.served, { kind: 'ready', requests });
  }

  private fail(record: ModelRecord, reason: string, now: number): void {
    const { firstRetryMs, lastRetryMs } = this.limits;
    record.work = null;
    record.failures += 1;
    record.reason = reason;
    record.retryAt = now + Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(30, record.failures - 1));
  }
}

/** A request comes for a loaded model. False: it is not loaded, or is being unloaded. */
export function pin(record: ModelRecord, now: number): boolean {
  if (record.memory === null || record.work?.kind === 'unloading') return false;
  record.pins += 1;
  record.lastUsed = now;
  return true;
}

/** The table has it, so. */
export function want(record: ModelRecord, entry: ModelTableEntry, now: number): void {
  if (!sameFiles(record.entry, entry)) Object.assign(record, { failures: 0, retryAt: 0, reason: null });
  if (record.entry.residency === 'resident' && entry.residency === 'on-demand' && record.memory !== null) {
    record.keepUntil = now + graceMs;
  }
  // Other sizes of what is there count from now on.
  if (record.files !== null && sameFiles(record.files, entry)) record.files = entry;
  if (record.memory !== null && sameFiles(record.memory, entry)) record.memory = entry;
  // Being unloaded, as routers were told: it has to be loaded again, and goes on from there.
  Object.assign(record, { entry, wanted: true, going: false, blocked: null, leaving: null });
}

/** The table no longer has it; routers are told so in `revision`. */
export function dismiss(record: ModelRecord, revision: number, now: number): void {
  Object.assign(record, { wanted: false, blocked: null });
  // What never answered has nothing to wait for.
  record.going = record.memory === null && record.entry.residency === 'resident' && record.waiting === 0;
  record.leaving ??= { revision, since: now, releasedBy: new Set() };
}

/** Believes an answer about what the server holds, unless the model has moved on since it was asked. True: news. */
export function judgeHeld(
  record: ModelRecord,
  asked: ReadonlyMap<string, ModelTableEntry | null>,
  held: ReadonlyMap<string, ModelTableEntry>,
): boolean {
  const entry = held.get(record.served) ?? null;
  const unchanged = record.work === null && record.memory === (asked.get(record.served) ?? null);
  if (!unchanged || (entry === null && !asked.has(record.served))) return false;
  if ((entry === null) === (record.memory === null)) return false;
  if (entry === null) record.memoryBytes = null;
  record.memory = entry;
  return true;
}
