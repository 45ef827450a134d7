import { byCodePoint } from '../../declare/findings';
import type { ModelTableSize } from '../../render/model-table';
import { diskOf, fits, memoryOf, minus, nothing, plus, shortText } from './admission';
import type { CoreAction, CoreLimits, Outcome } from './events';
import { direct, idle, type ModelRecord, needsLoad, sameFiles } from './model-record';
import { heldSize, type StockInput, spareFiles, takeStock } from './stock';

/** `order` is as `byClaim` sorts. */
export interface ScheduleInput extends StockInput {
  readonly serverKnown: boolean;
  readonly draining: boolean;
  readonly released: (record: ModelRecord) => boolean;
  readonly limits: CoreLimits;
}

export interface Scheduled {
  readonly actions: readonly CoreAction[];
  readonly touched: readonly ModelRecord[];
  /** Nothing is left of these. */
  readonly gone: readonly ModelRecord[];
}

/** Decides what to start now: unloads of what was let go, then loads in order of need, as far as there is room. */
export function schedule(input: ScheduleInput): Scheduled {
  const turn = new Turn(input);
  if (input.serverKnown) {
    turn.release();
    turn.startLoads();
    turn.useServer();
  }
  turn.endWaits();
  return turn;
}

class Turn implements Scheduled {
  readonly actions: CoreAction[] = [];
  readonly touched: ModelRecord[] = [];
  readonly gone: ModelRecord[] = [];
  private free: ModelTableSize = nothing;
  /** On its way to be free. */
  private coming: ModelTableSize = nothing;
  /** Will be free some time: what is leaving or in use. */
  private later: ModelTableSize = nothing;
  private fetches = 0;
  /** More is taken and promised than there is. */
  private overfull = false;

  constructor(private readonly input: ScheduleInput) {}

  release(): void {
    const { draining, now, released } = this.input;
    if (draining) return;
    for (const record of this.input.order) {
      if (record.wanted) continue;
      if (record.work?.kind === 'fetched' && record.waiting === 0) this.set(record, null);
      if (record.work !== null) continue;
      record.going ||= (record.memory === null && direct(record) && record.waiting === 0) || released(record);
      if (!record.going || record.pins > 0) continue;
      if (record.memory === null) this.drop(record);
      else if (record.retryAt <= now) this.unload(record, false);
    }
  }

  /** What a request waits for comes first, then residents. */
  startLoads(): void {
    this.takeStock();
    const { order, draining } = this.input;
    for (const record of order) if (record.waiting > 0 && this.isCandidate(record)) this.tryLoad(record);
    if (draining) return;
    for (const record of order) if (record.waiting === 0 && this.isCandidate(record)) this.tryLoad(record);
  }

  /** Gives the server its next loads, in the same order. */
  useServer(): void {
    const { order, limits } = this.input;
    let room = limits.loads;
    for (const { work } of order) if (work?.kind === 'loading') room -= 1;
    for (const record of order) if (room > 0 && record.waiting > 0) room -= this.useOne(record);
    for (const record of order) if (room > 0) room -= this.useOne(record);
  }

  private useOne(record: ModelRecord): number {
    const { work, entry } = record;
    if (work?.kind !== 'fetched') return 0;
    // The table has changed meanwhile, or others have grown: admitted anew the next time.
    if (this.overfull || !sameFiles(work.entry, entry) || !fits(entry.size, work.entry.size)) {
      this.set(record, null);
      return 0;
    }
    this.set(record, { kind: 'loading', entry });
    this.actions.push({ type: 'load', served: record.served, entry });
    return 1;
  }

  /** Requests do not wait for what has failed, nor long for room. */
  endWaits(): void {
    const { now, limits, serverKnown } = this.input;
    for (const record of this.input.order) {
      if (record.waiting === 0 || record.work !== null) continue;
      const { reason, blocked, retryAt } = record;
      const untilRetry = retryAt - now;
      if (untilRetry > 0) {
        this.refuse(record, { kind: 'failed', reason: reason ?? 'it could not be loaded', retryAfterMs: untilRetry });
      } else if (blocked?.passing === false) {
        this.refuse(record, { kind: 'failed', reason: blocked.reason, retryAfterMs: limits.lastRetryMs });
      } else if (now - record.waitingSince >= limits.roomWaitMs) {
        const other = serverKnown ? 'others are fetched before it' : 'the model server is not there';
        const why = blocked?.reason ?? other;
        this.refuse(record, { kind: 'busy', reason: why, retryAfterMs: limits.roomWaitMs });
      }
    }
  }

  private takeStock(): void {
    Object.assign(this, takeStock(this.input));
  }

  private isCandidate(record: ModelRecord): boolean {
    return record.work === null && record.retryAt <= this.input.now && needsLoad(record);
  }

  private tryLoad(record: ModelRecord): void {
    const { limits } = this.input;
    const { entry } = record;
    const fetched = sameFiles(record.files, entry);
    // Its turn comes; until then it takes nothing.
    if (!fetched && this.fetches >= limits.fetches) return;
    const need = fetched ? memoryOf(entry) : plus(memoryOf(entry), diskOf(entry));
    this.clearDisk(need, record);
    if (!fits(need, this.free) && !this.makeRoom(need, record)) return;
    const now = fits(need, this.free);
    this.free = minus(this.free, need);
    if (!now) return;
    if (fetched) {
      this.set(record, { kind: 'fetched', entry });
      return;
    }
    this.fetches += 1;
    this.set(record, { kind: 'fetching', entry });
    this.actions.push({ type: 'fetch', served: record.served, entry });
  }

  /** Room that is coming will do, if need be after evicting idle on-demand models; false: there is none to come. */
  private makeRoom(need: ModelTableSize, record: ModelRecord): boolean {
    let room = plus(this.free, this.coming);
    const victims: ModelRecord[] = [];
    for (const victim of this.evictable(record)) {
      if (fits(need, room)) break;
      const more = plus(room, heldSize(victim));
      if (!helps(need, room, more)) continue;
      victims.push(victim);
      room = more;
    }
    if (fits(need, room)) {
      for (const victim of victims) {
        this.coming = plus(this.coming, heldSize(victim));
        this.unload(victim, true);
      }
      this.block(record, 'waits for room', true);
      return true;
    }
    const reason = `no room: ${shortText(need, plus(this.free, this.coming))}`;
    this.block(record, reason, fits(need, plus(room, this.later)));
    return false;
  }

  /** Least recently used first. */
  private evictable(except: ModelRecord): readonly ModelRecord[] {
    return this.input.order
      .filter((record) => record !== except && record.memory !== null && idle(record, this.input.now))
      .sort((a, b) => a.lastUsed - b.lastUsed || byCodePoint(a.served, b.served));
  }

  /** Files of models that are not loaded are only a cache, as are those that a model was loaded from before. */
  private clearDisk(need: ModelTableSize, asking: ModelRecord): void {
    if (need.diskBytes <= Math.max(0, this.free.diskBytes)) return;
    const own = (record: ModelRecord) => Number(record === asking);
    const others = this.input.order
      .filter(({ files, work }) => files !== null && work === null)
      .filter((record) => record === asking || record.waiting === 0)
      .sort((a, b) => own(b) - own(a) || a.lastUsed - b.lastUsed || byCodePoint(a.served, b.served));
    for (const record of others) {
      if (need.diskBytes <= Math.max(0, this.free.diskBytes)) return;
      const spare = spareFiles(record);
      if (spare === null) continue;
      this.free = plus(this.free, spare.size);
      Object.assign(record, { files: spare.keep.at(-1) ?? null, oldFiles: spare.keep.slice(0, -1) });
      this.actions.push({ type: 'discard', served: record.served, keep: spare.keep });
    }
  }

  private block(record: ModelRecord, reason: string, passing: boolean): void {
    if (record.blocked?.reason === reason && record.blocked.passing === passing) return;
    record.blocked = { reason, passing };
    this.touched.push(record);
  }

  private set(record: ModelRecord, work: ModelRecord['work']): void {
    record.work = work;
    record.blocked = null;
    this.touched.push(record);
  }

  private unload(record: ModelRecord, evicted: boolean): void {
    const entry = record.memory ?? record.entry;
    this.set(record, { kind: 'unloading', entry });
    this.actions.push({ type: 'unload', served: record.served, entry, evicted });
  }

  private drop(record: ModelRecord): void {
    this.gone.push(record);
    this.actions.push({ type: 'discard', served: record.served, keep: [] });
  }

  private refuse(record: ModelRecord, outcome: Outcome): void {
    record.waiting = 0;
    this.actions.push({ type: 'settled', served: record.served, outcome });
  }
}

/** Who gets room first: residents, then by priority. */
export function byClaim(a: ModelRecord, b: ModelRecord): number {
  return (
    Number(direct(b)) - Number(direct(a)) || b.entry.priority - a.entry.priority || byCodePoint(a.served, b.served)
  );
}

/** `more` has more than `room` of something that is short. */
function helps(need: ModelTableSize, room: ModelTableSize, more: ModelTableSize): boolean {
  const kinds = ['acceleratorMemoryBytes', 'memoryBytes', 'diskBytes'] as const;
  return kinds.some((kind) => need[kind] > Math.max(0, room[kind]) && more[kind] > room[kind]);
}
