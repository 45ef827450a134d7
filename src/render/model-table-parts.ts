import type { Model, ServingRuntime } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import type { PlannedShard } from '../plan/plan';
import { type ModelTableEntry, type ModelTableHeader, modelTableVersion, servedName } from './model-table';
import { ascii, cutInParts, partLimitBytes, type TableLine } from './table-parts';

/** Parts that a shard's pods mount, whether or not they exist: a power of two. */
export const maxParts = 8;

export interface TablePart {
  readonly part: number;
  /** Name of the file that the part is mounted as. */
  readonly file: string;
  readonly text: string;
}

/**
 * The shard's table, in as few parts as hold it.
 * @throws StowageError STW4004 where it cannot be cut further
 */
export function tableParts(
  fleet: string,
  shard: PlannedShard,
  runtime: ServingRuntime,
  models: readonly Model[],
): readonly TablePart[] {
  const lines = models.map((model) => ({ key: model.key, text: ascii(JSON.stringify(entryOf(model))) }));
  refuseLongLines(lines, models);
  return cutInParts(lines, {
    maxParts,
    header: (part) => JSON.stringify(headerOf(fleet, shard, runtime, part)),
    tooLarge: () => {
      const message = `the ${models.length} models of shard ${shard.id} need more than the ${maxParts} parts of ${partLimitBytes} bytes that its table may have`;
      return new StowageError([diagnostic('STW4004', message)]);
    },
  }).map(({ part, text }) => ({ part, file: partFile(part), text }));
}

export function partFile(part: number): string {
  return `models-${part}.jsonl`;
}

function headerOf(fleet: string, shard: PlannedShard, runtime: ServingRuntime, part: number): ModelTableHeader {
  const { acceleratorMemoryBytes, memoryBytes, diskBytes } = shard.capacity;
  const { path, layout } = runtime.repository;
  const { http, grpc, metrics } = runtime.ports;
  return {
    tableVersion: modelTableVersion,
    fleet,
    shard: shard.id,
    part,
    runtime: {
      name: runtime.name,
      adapter: runtime.adapter,
      path,
      layout,
      ports: { http, grpc, metrics },
      protocols: runtime.protocols,
    },
    base: shard.base,
    capacity: {
      acceleratorMemoryBytes: Math.max(0, acceleratorMemoryBytes),
      memoryBytes: Math.max(0, memoryBytes),
      diskBytes: Math.max(0, diskBytes),
    },
  };
}

function entryOf(model: Model): ModelTableEntry {
  const { footprint, load } = model;
  const labels = Object.keys(model.labels).sort();
  return {
    model: model.key,
    name: model.name,
    version: model.version,
    tenant: model.tenant,
    served: servedName(model),
    format: model.format,
    storageUri: model.storageUri,
    size: {
      acceleratorMemoryBytes: footprint.acceleratorMemoryBytes,
      memoryBytes: footprint.memoryBytes,
      diskBytes: footprint.diskBytes,
      provenance: footprint.provenance,
    },
    load: {
      requestsPerSecondMilli: load.requestsPerSecondMilli,
      microDuty: load.microDuty,
      cpuMillis: load.cpuMillis,
    },
    replicas: model.replicas,
    residency: model.residency,
    priority: model.priority,
    ...(labels.length === 0
      ? {}
      : { labels: Object.fromEntries(labels.map((name) => [name, model.labels[name] ?? ''])) }),
    ...(model.timeoutMs === undefined ? {} : { timeoutMs: model.timeoutMs }),
  };
}

/** A line that leaves no room for a header cannot be in any part. */
function refuseLongLines(lines: readonly TableLine[], models: readonly Model[]): void {
  const room = partLimitBytes - 16 * 1024;
  const findings = lines.flatMap((line, i) => {
    const bytes = line.text.length;
    const source = models[i]?.source;
    if (bytes <= room) return [];
    const message = `the line of ${line.key} in the model table takes ${bytes} bytes: a part has room for ${room}`;
    return [diagnostic('STW4004', message, source === undefined ? {} : { location: source })];
  });
  if (findings.length > 0) throw new StowageError(findings);
}
