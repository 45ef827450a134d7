import { createHash } from 'node:crypto';
import type { Model, ServingRuntime } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import type { PlannedShard } from '../plan/plan';
import { type ModelTableEntry, type ModelTableHeader, modelTableVersion, servedName } from './model-table';

/** Parts that a shard's pods mount, whether or not they exist: a power of two. */
export const maxParts = 8;
/** Bytes of a part: well below the 1 MiB that a ConfigMap holds. */
export const partLimitBytes = 768 * 1024;

export interface TablePart {
  readonly part: number;
  /** Name of the file that the part is mounted as. */
  readonly file: string;
  readonly text: string;
}

interface Line {
  readonly key: string;
  readonly text: string;
}

/**
 * The shard's table. While it fits one part it is one part, number 0. A part that overflows is cut in two by a bit of its
 * keys' digests, and the upper half becomes the part in the middle of the numbers left to it (0 gives 0 and 4; 0 gives
 * 0 and 2; ...): so a new model touches one part, or, when it overflows one, that part and a new one.
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
  const parts: TablePart[] = [];
  const place = (own: readonly Line[], first: number, width: number): void => {
    const header = ascii(JSON.stringify(headerOf(fleet, shard, runtime, first)));
    const text = `${[header, ...own.map((line) => line.text)].join('\n')}\n`;
    if (text.length <= partLimitBytes) {
      if (own.length > 0 || first === 0) parts.push({ part: first, file: partFile(first), text });
      return;
    }
    if (width === 1) {
      const message = `the ${models.length} models of shard ${shard.id} need more than the ${maxParts} parts of ${partLimitBytes} bytes that its table may have`;
      throw new StowageError([diagnostic('STW4004', message)]);
    }
    const half = width / 2;
    const upper = (line: Line) => (slot(line.key) & half) !== 0;
    place(
      own.filter((line) => !upper(line)),
      first,
      half,
    );
    place(own.filter(upper), first + half, half);
  };
  place(lines, 0, maxParts);
  return parts;
}

export function partFile(part: number): string {
  return `models-${part}.jsonl`;
}

function slot(key: string): number {
  return (createHash('sha256').update(key).digest()[0] ?? 0) % maxParts;
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
  };
}

/** JSON text in ASCII alone: one byte a character, and nothing that a YAML reader could take for a line break. */
function ascii(json: string): string {
  return /^[ -~]*$/.test(json)
    ? json
    : json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A line that leaves no room for a header cannot be in any part. */
function refuseLongLines(lines: readonly Line[], models: readonly Model[]): void {
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
