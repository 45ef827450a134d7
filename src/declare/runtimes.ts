import { builtInRuntimes } from '../runtimes/catalogue';
import { byCodePoint, type Findings } from './findings';
import type { BaseModel, ServingRuntime } from './fleet';
import type { FleetHead, RuntimeInput } from './input';
import type { At } from './located';
import { remedyNear } from './names';
import { parseBytes, parseCpuMillis, parseMillis } from './quantities';
import type { QuantityReader } from './quantity-reader';

const MiB = 2 ** 20;

/** Built-in runtimes and the user's own, an own one of the same name in place of the built-in. */
export function resolveRuntimes(
  head: FleetHead,
  quantities: QuantityReader,
  findings: Findings,
  at: At,
): readonly ServingRuntime[] {
  const byName = new Map(builtInRuntimes.map((runtime) => [runtime.name, runtime]));
  const builtIn = new Map(byName);
  (head.runtimes ?? []).forEach((input: RuntimeInput, i) => {
    const parent = input.extends === undefined ? undefined : builtIn.get(input.extends);
    if (input.extends !== undefined && parent === undefined) {
      findings.add(
        'STW1009',
        `runtime "${input.name}" extends "${input.extends}", which is not built in`,
        at('runtimes', i, 'extends'),
        remedyNear(input.extends, builtIn.keys()),
      );
      return;
    }
    if (parent === undefined) {
      for (const field of ['adapter', 'image', 'formats', 'ports'] as const) {
        if (input[field] === undefined)
          findings.add(
            'STW1006',
            `runtime "${input.name}" needs "${field}" because it extends none`,
            at('runtimes', i, field),
          );
      }
    }
    byName.set(input.name, mergeRuntime(input, parent, i, quantities));
  });
  return [...byName.values()].sort((a, b) => byCodePoint(a.name, b.name));
}

function mergeRuntime(
  input: RuntimeInput,
  parent: ServingRuntime | undefined,
  i: number,
  quantities: QuantityReader,
): ServingRuntime {
  const path = ['runtimes', i] as const;
  const base = input.baseFootprint ?? {};
  const shared = input.sharedMemory ?? {};
  return {
    name: input.name,
    adapter: input.adapter ?? parent?.adapter ?? 'triton',
    image: input.image ?? parent?.image ?? '',
    command: input.command ?? parent?.command ?? [],
    args: input.args ?? parent?.args ?? [],
    env: { ...parent?.env, ...input.env },
    ports: input.ports
      ? { http: input.ports.http, grpc: input.ports.grpc ?? null, metrics: input.ports.metrics ?? null }
      : (parent?.ports ?? { http: 8000, grpc: null, metrics: null }),
    livenessPath: input.livenessPath ?? parent?.livenessPath ?? '/v2/health/live',
    startupSeconds: input.startupSeconds ?? parent?.startupSeconds ?? 300,
    loadMillis:
      input.loadSeconds === undefined
        ? (parent?.loadMillis ?? 1000)
        : quantities.read(parseMillis, input.loadSeconds, 0, ...path, 'loadSeconds'),
    baseFootprint: {
      cpuMillis:
        base.cpu === undefined && parent
          ? parent.baseFootprint.cpuMillis
          : quantities.read(parseCpuMillis, base.cpu, '250m', ...path, 'baseFootprint', 'cpu'),
      memoryBytes:
        base.memory === undefined && parent
          ? parent.baseFootprint.memoryBytes
          : quantities.read(parseBytes, base.memory, '512Mi', ...path, 'baseFootprint', 'memory'),
      acceleratorMemoryBytes:
        base.gpuMemory === undefined && parent
          ? parent.baseFootprint.acceleratorMemoryBytes
          : quantities.read(parseBytes, base.gpuMemory, 0, ...path, 'baseFootprint', 'gpuMemory'),
      diskBytes:
        base.disk === undefined && parent
          ? parent.baseFootprint.diskBytes
          : quantities.read(parseBytes, base.disk, '256Mi', ...path, 'baseFootprint', 'disk'),
    },
    perModelMemoryBytes:
      input.perModelMemory === undefined
        ? (parent?.perModelMemoryBytes ?? 0)
        : quantities.read(parseBytes, input.perModelMemory, 0, ...path, 'perModelMemory'),
    sharedMemory: {
      baseBytes:
        shared.base === undefined
          ? (parent?.sharedMemory.baseBytes ?? 64 * MiB)
          : quantities.read(parseBytes, shared.base, 0, ...path, 'sharedMemory', 'base'),
      perModelBytes:
        shared.perModel === undefined
          ? (parent?.sharedMemory.perModelBytes ?? 0)
          : quantities.read(parseBytes, shared.perModel, 0, ...path, 'sharedMemory', 'perModel'),
    },
    formats: [...(input.formats ?? parent?.formats ?? [])].sort(byCodePoint),
    accelerator: input.accelerator ?? parent?.accelerator ?? 'optional',
    maxModelsPerPod: input.maxModelsPerPod ?? parent?.maxModelsPerPod ?? null,
    repository: {
      path: input.repository?.path ?? parent?.repository.path ?? '/models',
      layout: input.repository?.layout ?? parent?.repository.layout ?? 'model-version-directories',
    },
    protocols: input.protocols ?? parent?.protocols ?? ['v2-rest'],
    baseModels: input.baseModels
      ? input.baseModels
          .map((model, k): BaseModel => {
            const gpu = quantities.read(parseBytes, model.gpuMemory, 0, ...path, 'baseModels', k, 'gpuMemory');
            return {
              name: model.name,
              storageUri: model.storageUri,
              acceleratorMemoryBytes: gpu,
              memoryBytes: quantities.read(parseBytes, model.memory, '1Gi', ...path, 'baseModels', k, 'memory'),
              diskBytes: quantities.read(parseBytes, model.disk, gpu, ...path, 'baseModels', k, 'disk'),
            };
          })
          .sort((a, b) => byCodePoint(a.name, b.name))
      : (parent?.baseModels ?? []),
    runAsUser: input.runAsUser ?? parent?.runAsUser ?? 1000,
  };
}
