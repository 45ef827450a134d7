import {
  type ModelTable,
  type ModelTableEntry,
  type ModelTableHeader,
  servedName,
} from '../../../src/render/model-table';

export interface EntryOptions {
  readonly name: string;
  readonly version?: string;
  readonly size?: number;
  readonly disk?: number;
  readonly residency?: 'resident' | 'on-demand';
  readonly uri?: string;
  readonly format?: string;
  readonly priority?: number;
}

/** A line of a table; `size` is its memory in bytes, `disk` that of its files. */
export function entry({ name, version = '1', size = 1, ...rest }: EntryOptions): ModelTableEntry {
  const key = { tenant: 't', name, version };
  return {
    ...key,
    model: `t/${name}@${version}`,
    served: servedName(key),
    format: rest.format ?? 'sklearn',
    storageUri: rest.uri ?? 'file:///nowhere',
    size: { acceleratorMemoryBytes: 0, memoryBytes: size, diskBytes: rest.disk ?? 0, provenance: 'declared' },
    load: { requestsPerSecondMilli: 0, microDuty: 0, cpuMillis: 0 },
    replicas: 1,
    residency: rest.residency ?? 'resident',
    priority: rest.priority ?? 500,
  };
}

export function headerOf(
  memoryBytes: number,
  runtime: Partial<ModelTable['header']['runtime']> = {},
): ModelTable['header'] {
  return {
    tableVersion: 1,
    fleet: 'test',
    shard: 's1',
    base: null,
    runtime: {
      name: 'mlserver',
      adapter: 'mlserver',
      path: '/models',
      layout: 'settings-file',
      ports: { http: 8080, grpc: 8081, metrics: 8082 },
      protocols: ['v2-rest', 'v2-grpc'],
      ...runtime,
    },
    capacity: { acceleratorMemoryBytes: 0, memoryBytes, diskBytes: 2 ** 40 },
  };
}

export function tableOf(models: readonly ModelTableEntry[], memoryBytes: number, diskBytes = 2 ** 40): ModelTable {
  const header = headerOf(memoryBytes);
  return { header: { ...header, capacity: { ...header.capacity, diskBytes } }, models };
}

/** The same as the one part of a mounted or pushed table. */
export function partOf(header: ModelTable['header'], models: readonly ModelTableEntry[]): Record<string, string> {
  const first: ModelTableHeader = { ...header, part: 0 };
  return { 'models-0.jsonl': `${[first, ...models].map((line) => JSON.stringify(line)).join('\n')}\n` };
}
