import type { ModelTableEntry, ModelTableSize } from '../../render/model-table';

export const nothing: ModelTableSize = { acceleratorMemoryBytes: 0, memoryBytes: 0, diskBytes: 0 };

export function plus(a: ModelTableSize, b: ModelTableSize): ModelTableSize {
  return {
    acceleratorMemoryBytes: a.acceleratorMemoryBytes + b.acceleratorMemoryBytes,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    diskBytes: a.diskBytes + b.diskBytes,
  };
}

export function minus(a: ModelTableSize, b: ModelTableSize): ModelTableSize {
  return {
    acceleratorMemoryBytes: a.acceleratorMemoryBytes - b.acceleratorMemoryBytes,
    memoryBytes: a.memoryBytes - b.memoryBytes,
    diskBytes: a.diskBytes - b.diskBytes,
  };
}

export function fits(need: ModelTableSize, free: ModelTableSize): boolean {
  return (
    need.acceleratorMemoryBytes <= Math.max(0, free.acceleratorMemoryBytes) &&
    need.memoryBytes <= Math.max(0, free.memoryBytes) &&
    need.diskBytes <= Math.max(0, free.diskBytes)
  );
}

/** What a model takes of the server's memory alone. */
export function memoryOf(entry: ModelTableEntry): ModelTableSize {
  return { ...entry.size, diskBytes: 0 };
}

/** What a model's files take. */
export function diskOf(entry: ModelTableEntry): ModelTableSize {
  return { ...nothing, diskBytes: entry.size.diskBytes };
}

/** Adds up over thousands of models, many times a second. */
export class Sum {
  private accelerator = 0;
  private memory = 0;
  private disk = 0;

  addMemory({ size }: ModelTableEntry): void {
    this.accelerator += size.acceleratorMemoryBytes;
    this.memory += size.memoryBytes;
  }

  addDisk({ size }: ModelTableEntry): void {
    this.disk += size.diskBytes;
  }

  size(): ModelTableSize {
    return { acceleratorMemoryBytes: this.accelerator, memoryBytes: this.memory, diskBytes: this.disk };
  }
}

/** "1.5 GiB" */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}

/** Says which of the three runs short. */
export function shortText(need: ModelTableSize, free: ModelTableSize): string {
  const kinds = [
    ['accelerator memory', need.acceleratorMemoryBytes, free.acceleratorMemoryBytes],
    ['memory', need.memoryBytes, free.memoryBytes],
    ['disk', need.diskBytes, free.diskBytes],
  ] as const;
  return kinds
    .filter(([, needed, left]) => needed > Math.max(0, left))
    .map(([what, needed, left]) => `needs ${bytesText(needed)} of ${what}, ${bytesText(Math.max(0, left))} is free`)
    .join('; ');
}
