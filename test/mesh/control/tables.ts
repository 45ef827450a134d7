import type { SourcePod, SourceTable } from '../../../src/mesh/control/events';
import { splitKey } from '../../../src/mesh/control/records';
import { tableDigest } from '../../../src/protocol/agent-api';
import { type ModelTableEntry, servedName } from '../../../src/render/model-table';

export const servedOf = (key: string): string => servedName(splitKey(key));

export function entry(key: string, residency: 'resident' | 'on-demand' = 'resident'): ModelTableEntry {
  const { tenant, name, version } = splitKey(key);
  return {
    model: key,
    tenant,
    name,
    version,
    served: servedOf(key),
    format: 'sklearn',
    storageUri: `file:///models/${name}`,
    size: { acceleratorMemoryBytes: 0, memoryBytes: 1000, diskBytes: 1000, provenance: 'declared' },
    load: { requestsPerSecondMilli: 0, microDuty: 0, cpuMillis: 0 },
    replicas: 1,
    residency,
    priority: 500,
  };
}

/** A shard's table of one part: a header and the models. */
export function sourceTable(shard: string, revision: number, models: readonly ModelTableEntry[]): SourceTable {
  const header = {
    tableVersion: 1,
    fleet: 'test',
    shard,
    part: 0,
    runtime: {
      name: 'mlserver',
      adapter: 'mlserver',
      path: '/models',
      layout: 'settings-file',
      ports: { http: 8080, grpc: 8081, metrics: null },
      protocols: ['v2-rest', 'v2-grpc'],
    },
    base: null,
    capacity: { acceleratorMemoryBytes: 0, memoryBytes: 1e9, diskBytes: 1e9 },
  } as const;
  const parts = { 'models-0.jsonl': `${[header, ...models].map((line) => JSON.stringify(line)).join('\n')}\n` };
  return { revision, parts, digest: tableDigest(parts), table: { header, models } };
}

export function sourcePod(pod: string, shard: string, more: Partial<SourcePod> = {}): SourcePod {
  return {
    pod,
    shard,
    address: '10.0.0.1',
    zone: null,
    alive: true,
    token: null,
    ports: { agent: 9300, proxy: 9301, http: null, grpc: null },
    ...more,
  };
}
