import type { ModelTableEntry, ModelTableSize } from '../../render/model-table';
import { minus, Sum } from './admission';
import { direct, idle, type ModelRecord, sameFiles } from './model-record';

/** What there is to give, and what will be. */
export interface Stock {
  readonly free: ModelTableSize;
  /** On its way to be free. */
  readonly coming: ModelTableSize;
  /** Will be free some time: what is leaving or in use. */
  readonly later: ModelTableSize;
  /** Fetches under way. */
  readonly fetches: number;
  /** More memory is taken and promised than there is. */
  readonly overfull: boolean;
}

export interface StockInput {
  readonly order: readonly ModelRecord[];
  readonly capacity: ModelTableSize;
  /** What the models take as measured; 0: unknown. */
  readonly measuredBytes: number;
  readonly now: number;
}

export function takeStock({ capacity, measuredBytes, order, now }: StockInput): Stock {
  const used = new Sum();
  const coming = new Sum();
  const later = new Sum();
  let underWay = 0;
  let fetches = 0;
  for (const record of order) {
    const { memory, work, waiting } = record;
    addAll(record, used);
    if (work !== null && work.kind !== 'unloading') underWay += work.entry.size.memoryBytes;
    if (work?.kind === 'fetching') fetches += 1;
    if (work?.kind === 'unloading') {
      if (memory !== null) coming.addMemory(memory);
      // Files of what is not loaded are only a cache, unless it is asked for again.
      addFiles(record, waiting > 0 ? later : coming);
    } else if (memory !== null || work !== null || waiting > 0) {
      if (!record.wanted || (!direct(record) && !idle(record, now))) addAll(record, later);
    }
  }
  const declared = minus(capacity, used.size());
  const measured = capacity.memoryBytes - measuredBytes - underWay;
  const free = { ...declared, memoryBytes: Math.min(declared.memoryBytes, measured) };
  const overfull = free.memoryBytes < 0 || free.acceleratorMemoryBytes < 0;
  return { free, coming: coming.size(), later: later.size(), fetches, overfull };
}

export interface Spare {
  readonly size: ModelTableSize;
  readonly keep: readonly ModelTableEntry[];
}

/** Which files of a model that nothing is being done with are only a cache; null: none. */
export function spareFiles({ memory, entry, files, oldFiles }: ModelRecord): Spare | null {
  if (files === null) return null;
  const all = [...oldFiles, files];
  // Loaded from, or to be loaded from.
  const keep = memory === null ? [] : all.filter((one) => sameFiles(one, memory) || sameFiles(one, entry));
  if (keep.length === all.length) return null;
  const sum = new Sum();
  for (const one of all) if (!keep.includes(one)) sum.addDisk(one);
  return { size: sum.size(), keep };
}

/** What giving up a loaded model frees: its memory, and then its files. */
export function heldSize(record: ModelRecord): ModelTableSize {
  const sum = new Sum();
  if (record.memory !== null) sum.addMemory(record.memory);
  addFiles(record, sum);
  return sum.size();
}

function addAll(record: ModelRecord, sum: Sum): void {
  const { memory, work } = record;
  if (memory !== null) sum.addMemory(memory);
  addFiles(record, sum);
  if (work === null || work.kind === 'unloading') return;
  // A reload holds the old and the new copy for a moment.
  sum.addMemory(work.entry);
  if (work.kind === 'fetching') sum.addDisk(work.entry);
}

function addFiles({ files, oldFiles }: ModelRecord, sum: Sum): void {
  if (files !== null) sum.addDisk(files);
  for (const entry of oldFiles) sum.addDisk(entry);
}
