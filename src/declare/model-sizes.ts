import type { Findings } from './findings';
import type { Footprint, Load } from './fleet';
import type { FootprintInput, LoadInput, ModelInput } from './input';
import type { At } from './located';
import { parseBytes, parseMicros, parseMillis, plainBytes, plainMicros, plainMillis } from './quantities';
import { QuantityReader } from './quantity-reader';

const MiB = 2 ** 20;
/** Host memory of a model that states none. */
const leastMemoryBytes = 64 * MiB;
/** What ModelMesh adds to a size that is a guess. */
const estimateMargin = 1.25;

const footprintFields = ['gpuMemory', 'memory', 'disk', 'provenance', 'margin'] as const;
const loadFields = [
  'requestsPerSecond',
  'gpuSecondsPerRequest',
  'throughputPerSecond',
  'cpuSecondsPerRequest',
] as const;

/** Reads what one loaded copy takes. A size that is not given is estimated, with a margin. */
export function readFootprint(input: ModelInput, at: At, findings: Findings): Footprint {
  return plainFootprint(input) ?? fullFootprint(input, at, findings);
}

/** As most models give it: flat, with a memory, no margin, and plain sizes. */
function plainFootprint({ footprint, gpuMemory, memory, disk, provenance, margin }: ModelInput): Footprint | null {
  if (footprint !== undefined || memory === undefined || provenance !== undefined || margin !== undefined) return null;
  const memoryBytes = plainBytes(memory);
  const acceleratorMemoryBytes = gpuMemory === undefined ? 0 : plainBytes(gpuMemory);
  if (memoryBytes === null || acceleratorMemoryBytes === null) return null;
  const diskBytes = disk === undefined ? Math.max(acceleratorMemoryBytes, memoryBytes) : plainBytes(disk);
  if (diskBytes === null) return null;
  return { acceleratorMemoryBytes, memoryBytes, diskBytes, provenance: 'declared' };
}

function fullFootprint(input: ModelInput, at: At, findings: Findings): Footprint {
  const given = nestedOrFlat(input, 'footprint', footprintFields, at, findings) as FootprintInput;
  const quantities = new QuantityReader(findings, pathOf(input, 'footprint', at));
  const stated = given.gpuMemory !== undefined || given.memory !== undefined;
  const provenance = given.provenance ?? (stated ? 'declared' : 'estimated');
  const margin = given.margin ?? (provenance === 'estimated' ? estimateMargin : 1);
  const grow = (bytes: number, factor: number, field: string): number => {
    const grown = factor === 1 ? bytes : Math.ceil(bytes * factor);
    if (Number.isSafeInteger(grown)) return grown;
    findings.add('STW1007', `"${field}" with its margin is above the largest size supported (2^53 - 1)`, at(field));
    return 0;
  };
  const gpu = grow(quantities.read(parseBytes, given.gpuMemory, 0, 'gpuMemory'), margin, 'gpuMemory');
  const disk = given.disk === undefined ? null : quantities.read(parseBytes, given.disk, 0, 'disk');
  const memory =
    given.memory === undefined
      ? grow(
          // With nothing else to go by, a model takes about the memory that its files take on disk.
          Math.max(leastMemoryBytes, given.gpuMemory === undefined ? (disk ?? 0) : 0),
          given.margin ?? estimateMargin,
          'disk',
        )
      : grow(quantities.read(parseBytes, given.memory, 0, 'memory'), margin, 'memory');
  return { acceleratorMemoryBytes: gpu, memoryBytes: memory, diskBytes: disk ?? Math.max(gpu, memory), provenance };
}

/** Reads the load of the whole model. */
export function readLoad(input: ModelInput, at: At, findings: Findings): Load {
  return plainLoad(input) ?? fullLoad(input, at, findings);
}

/** As most models give it: flat, each thing once, and in plain numbers. */
function plainLoad(input: ModelInput): Load | null {
  if (input.load !== undefined) return null;
  if (input.gpuSecondsPerRequest !== undefined && input.throughputPerSecond !== undefined) return null;
  const requests = input.requestsPerSecond ?? 0;
  const requestsPerSecondMilli = plainMillis(requests);
  const requestsPerSecondMicro = plainMicros(requests);
  const microDuty = plainBytes(gpuMicros(input));
  const cpuMillis = plainBytes(cpuMillisOf(input));
  if (requestsPerSecondMilli === null || requestsPerSecondMicro === null) return null;
  if (microDuty === null || cpuMillis === null) return null;
  return { requestsPerSecondMilli, requestsPerSecondMicro, microDuty, cpuMillis };
}

function fullLoad(input: ModelInput, at: At, findings: Findings): Load {
  const given = nestedOrFlat(input, 'load', loadFields, at, findings) as LoadInput;
  const quantities = new QuantityReader(findings, pathOf(input, 'load', at));
  const requests = given.requestsPerSecond ?? 0;
  if (given.gpuSecondsPerRequest !== undefined && given.throughputPerSecond !== undefined) {
    findings.add(
      'STW1004',
      '"gpuSecondsPerRequest" and "throughputPerSecond" say the same thing in two ways',
      at('throughputPerSecond'),
      'Give one of the two.',
    );
  }
  return {
    requestsPerSecondMilli: quantities.read(parseMillis, requests, 0, 'requestsPerSecond'),
    requestsPerSecondMicro: quantities.read(parseMicros, requests, 0, 'requestsPerSecond'),
    microDuty: quantities.read(parseBytes, gpuMicros(given), 0, 'requestsPerSecond'),
    cpuMillis: quantities.read(parseBytes, cpuMillisOf(given), 0, 'requestsPerSecond'),
  };
}

/** Accelerator-microseconds a second, whole. */
function gpuMicros({ requestsPerSecond = 0, gpuSecondsPerRequest = 0, throughputPerSecond }: LoadInput): number {
  return Math.ceil(
    throughputPerSecond === undefined
      ? requestsPerSecond * gpuSecondsPerRequest * 1e6
      : (requestsPerSecond * 1e6) / throughputPerSecond,
  );
}

function cpuMillisOf({ requestsPerSecond = 0, cpuSecondsPerRequest = 0 }: LoadInput): number {
  return Math.ceil(requestsPerSecond * cpuSecondsPerRequest * 1e3);
}

/** The fields of `input.footprint` or `input.load`, which may also stand flat in `input`, but not in both places. */
function nestedOrFlat(
  input: ModelInput,
  part: 'footprint' | 'load',
  fields: readonly (keyof FootprintInput | keyof LoadInput)[],
  at: At,
  findings: Findings,
): FootprintInput | LoadInput {
  const nested = input[part] as Record<string, unknown> | undefined;
  if (nested === undefined) return input;
  const merged: Record<string, unknown> = {};
  for (const field of fields) {
    if (nested[field] !== undefined && input[field] !== undefined)
      findings.add(
        'STW1004',
        `"${field}" is given twice: in "${part}" and beside it`,
        at(field),
        `Keep one of "${field}" and "${part}.${field}".`,
      );
    merged[field] = nested[field] ?? input[field];
  }
  return merged;
}

function pathOf(input: ModelInput, part: 'footprint' | 'load', at: At): At {
  const nested = input[part] as Record<string, unknown> | undefined;
  return (...path) => (nested?.[String(path[0])] === undefined ? at(...path) : at(part, ...path));
}
