import type { ModelTableEntry } from '../../render/model-table';

/** What the agent is doing with a model right now; one thing at a time. */
export interface Work {
  /** `fetched`: the files are there, the server's turn is awaited. */
  readonly kind: 'fetching' | 'fetched' | 'loading' | 'unloading';
  readonly entry: ModelTableEntry;
}

/** Everything known of one model. Mutable: it belongs to the core alone. */
export interface ModelRecord {
  readonly served: string;
  /** As the table has it now, or had it last. */
  entry: ModelTableEntry;
  /** The table has it. */
  wanted: boolean;
  /** What the server holds; null: nothing. */
  memory: ModelTableEntry | null;
  /** What the files on disk are of; null: there are none. */
  files: ModelTableEntry | null;
  /** Other files of it that are still there: they go when a load is done. */
  oldFiles: readonly ModelTableEntry[];
  work: Work | null;
  failures: number;
  retryAt: number;
  /** Why the last try failed. */
  reason: string | null;
  /** Why it cannot start now. */
  blocked: Blocked | null;
  /** Requests that wait for it to be loaded. */
  waiting: number;
  waitingSince: number;
  /** Requests under way in the proxy. */
  pins: number;
  lastUsed: number;
  /** A model that was resident until lately may still be asked directly: not evicted before. */
  keepUntil: number;
  leaving: Leaving | null;
  /** Routers were told that it is gone: it ends, whatever they say now. */
  going: boolean;
  memoryBytes: number | null;
  /** What was last told to routers, and since which revision. */
  told: string;
  revision: number;
}

export interface Blocked {
  readonly reason: string;
  /** Room will come by itself: something is leaving, being unloaded or in use. */
  readonly passing: boolean;
}

interface Leaving {
  readonly revision: number;
  readonly since: number;
  readonly releasedBy: Set<string>;
}

export function newRecord(entry: ModelTableEntry, now: number): ModelRecord {
  return {
    served: entry.served,
    entry,
    wanted: false,
    memory: null,
    files: null,
    oldFiles: [],
    work: null,
    failures: 0,
    retryAt: 0,
    reason: null,
    blocked: null,
    waiting: 0,
    waitingSince: 0,
    pins: 0,
    lastUsed: now,
    keepUntil: 0,
    leaving: null,
    going: false,
    memoryBytes: null,
    told: '',
    revision: 0,
  };
}

/** The same files, loaded the same way. */
export function sameFiles(a: ModelTableEntry | null, b: ModelTableEntry): boolean {
  return a !== null && a.storageUri === b.storageUri && a.format === b.format;
}

/** The table or a waiting request asks for something that the server does not hold. */
export function needsLoad(record: ModelRecord): boolean {
  const asked = record.waiting > 0 || (record.wanted && record.entry.residency === 'resident');
  const outdated = record.wanted && record.memory !== null && !sameFiles(record.memory, record.entry);
  return outdated || (asked && record.memory === null);
}

/** Routers send its requests straight to the server: it is never evicted. */
export function direct(record: ModelRecord): boolean {
  return record.entry.residency === 'resident';
}

/** Nobody uses it, and nobody would notice if it were unloaded. */
export function idle(record: ModelRecord, now: number): boolean {
  const { pins, waiting, keepUntil, work } = record;
  return !direct(record) && pins + waiting === 0 && work === null && keepUntil <= now;
}
