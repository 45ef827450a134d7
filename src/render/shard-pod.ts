import { podShare } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { BaseModel, Fleet, Pool, ServingRuntime } from '../declare/fleet';
import type { Shard } from '../pack/packing';
import { agentTimes } from './agent-times';
import { maxParts } from './model-table-parts';
import { agentPorts, names, paths } from './names';
import {
  containerPort,
  containerSecurity,
  type EnvVar,
  emptyDir,
  fromField,
  httpGet,
  imagePullPolicy,
  podSecurity,
  readOnly,
} from './pod-parts';
import { bytesQuantity, cpuQuantity } from './quantity';
import { shardScheduling } from './scheduling';

const MiB = 2 ** 20;

/** What a shard's pods are made of; nothing of it says which models the shard holds. */
export interface ShardParts {
  readonly fleet: Fleet;
  readonly shard: Shard;
  readonly pool: Pool;
  readonly runtime: ServingRuntime;
  readonly base: BaseModel | null;
}

export function shardPodSpec(parts: ShardParts): Record<string, unknown> {
  const { fleet, shard, pool, runtime, base } = parts;
  const room = resources(parts);
  return {
    automountServiceAccountToken: false,
    containers: [serverContainer(parts, room.server), agentContainer(parts, room.agent)],
    enableServiceLinks: false,
    ...(base === null ? {} : { initContainers: [baseModelContainer(parts, base, room.agent)] }),
    ...shardScheduling(fleet, shard, pool),
    securityContext: podSecurity(runtime.runAsUser),
    serviceAccountName: names.shards(fleet),
    terminationGracePeriodSeconds: 120,
    volumes: volumes(parts),
  };
}

function serverContainer({ runtime, base }: ShardParts, room: unknown): unknown {
  const { http, grpc, metrics } = runtime.ports;
  const own = Object.entries(runtime.env)
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([name, value]): EnvVar => ({ name, value }));
  const home: readonly EnvVar[] = 'HOME' in runtime.env ? [] : [{ name: 'HOME', value: paths.temporary }];
  return {
    ...(runtime.args.length === 0 ? {} : { args: [...runtime.args] }),
    ...(runtime.command.length === 0 ? {} : { command: [...runtime.command] }),
    env: [adminToken, ...baseEnv(runtime, base), ...home, ...own],
    image: runtime.image,
    imagePullPolicy,
    lifecycle: { preStop: httpGet('/drain', agentPorts.agent) },
    // Some servers answer nobody while they load a model.
    livenessProbe: { ...live(runtime), failureThreshold: 8, periodSeconds: 15, timeoutSeconds: 10 },
    name: 'server',
    ports: [
      containerPort('http', http),
      ...(grpc === null ? [] : [containerPort('grpc', grpc)]),
      ...(metrics === null ? [] : [containerPort('metrics', metrics)]),
    ],
    resources: room,
    securityContext: containerSecurity,
    startupProbe: {
      ...live(runtime),
      failureThreshold: Math.ceil(runtime.startupSeconds / 10),
      periodSeconds: 10,
      timeoutSeconds: 10,
    },
    volumeMounts: [
      { mountPath: runtime.repository.path, name: 'repository' },
      { mountPath: paths.sharedMemory, name: 'shared-memory' },
      { mountPath: paths.temporary, name: 'server-tmp' },
    ],
  };
}

function agentContainer({ fleet, shard, runtime }: ShardParts, room: unknown): unknown {
  return {
    env: agentEnv(fleet, shard),
    image: fleet.mesh.agentImage,
    imagePullPolicy,
    lifecycle: { preStop: httpGet('/drain', agentPorts.agent) },
    livenessProbe: {
      ...(httpGet('/livez', 'agent') as object),
      failureThreshold: 6,
      periodSeconds: 10,
      timeoutSeconds: 5,
    },
    name: 'agent',
    ports: [containerPort('agent', agentPorts.agent), containerPort('agent-proxy', agentPorts.proxy)],
    readinessProbe: {
      ...(httpGet('/readyz', 'agent') as object),
      failureThreshold: 3,
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
    resources: room,
    securityContext: containerSecurity,
    volumeMounts: agentMounts(fleet, runtime),
  };
}

/** vLLM and its like start with their base model: it is fetched before the server starts. */
function baseModelContainer({ fleet, shard, runtime }: ShardParts, base: BaseModel, room: unknown): unknown {
  return {
    args: ['fetch-base'],
    env: [...agentEnv(fleet, shard), ...baseEnv(runtime, base), { name: 'STOWAGE_BASE_URI', value: base.storageUri }],
    image: fleet.mesh.agentImage,
    imagePullPolicy,
    name: 'base-model',
    resources: room,
    securityContext: containerSecurity,
    volumeMounts: agentMounts(fleet, runtime),
  };
}

/** Random for each pod, the same in both containers, and never in a manifest: docs/decisions/0003-admin-token.md. */
const adminToken = fromField('STOWAGE_ADMIN_TOKEN', 'metadata.uid');

function agentEnv(fleet: Fleet, shard: Shard): readonly EnvVar[] {
  return [
    adminToken,
    { name: 'STOWAGE_FLEET', value: fleet.name },
    { name: 'STOWAGE_MODEL_TABLE', value: paths.modelTable },
    fromField('STOWAGE_POD', 'metadata.name'),
    ...agentTimes(fleet.mesh),
    { name: 'STOWAGE_SHARD', value: shard.id },
    ...(fleet.mesh.storageSecretName === null ? [] : [{ name: 'STOWAGE_STORAGE_CREDENTIALS', value: paths.storage }]),
  ];
}

function baseEnv(runtime: ServingRuntime, base: BaseModel | null): readonly EnvVar[] {
  if (base === null) return [];
  return [
    { name: 'STOWAGE_BASE_MODEL', value: `${runtime.repository.path}/.base/${base.name}` },
    { name: 'STOWAGE_BASE_NAME', value: base.name },
  ];
}

function agentMounts(fleet: Fleet, runtime: ServingRuntime): readonly unknown[] {
  return [
    { mountPath: runtime.repository.path, name: 'repository' },
    readOnly('model-table', paths.modelTable),
    ...(fleet.mesh.storageSecretName === null ? [] : [readOnly('storage', paths.storage)]),
    { mountPath: paths.temporary, name: 'agent-tmp' },
  ];
}

function live(runtime: ServingRuntime): object {
  return httpGet(runtime.livenessPath, 'http') as object;
}

function volumes({ fleet, shard, pool, runtime }: ShardParts): readonly unknown[] {
  const secret = fleet.mesh.storageSecretName;
  return [
    {
      name: 'model-table',
      // All the parts there may ever be: the pod does not change with their number.
      projected: {
        defaultMode: 0o444,
        sources: Array.from({ length: maxParts }, (_, part) => ({
          configMap: { name: names.modelTable(fleet, shard.id, part), optional: true },
        })),
      },
    },
    emptyDir('repository'),
    emptyDir('shared-memory', { medium: 'Memory', sizeLimit: bytesQuantity(sharedMemoryBytes(pool, runtime)) }),
    emptyDir('server-tmp'),
    emptyDir('agent-tmp'),
    ...(secret === null ? [] : [{ name: 'storage', secret: { defaultMode: 0o440, secretName: secret } }]),
  ];
}

/** Enough for as many models as a pod can hold by its memory; it takes nothing until it is written. */
function sharedMemoryBytes(pool: Pool, runtime: ServingRuntime): number {
  const { baseBytes, perModelBytes } = runtime.sharedMemory;
  const { memoryBytes } = podShare(pool);
  const perModel = runtime.perModelMemoryBytes + perModelBytes;
  const models =
    perModel === 0
      ? 0
      : Math.min(runtime.maxModelsPerPod ?? Number.MAX_SAFE_INTEGER, Math.floor(memoryBytes / perModel));
  const bytes = Math.min(memoryBytes, Math.max(64 * MiB, baseBytes + perModelBytes * models));
  return Math.ceil(bytes / MiB) * MiB;
}

/**
 * Requests add up to the pod's share of its node: what the plan counts. Memory is never above what was asked for; CPU
 * may be. Disk is asked for only as far as an empty server needs it, and may grow to the share.
 */
function resources({ fleet, pool, runtime, base }: ShardParts): { server: unknown; agent: unknown } {
  const { agentCpuMillis, agentMemoryBytes } = fleet.mesh;
  const share = podShare(pool);
  const agentDisk = Math.min(256 * MiB, Math.floor(share.diskBytes / 4));
  const serverDisk = share.diskBytes - agentDisk;
  const emptyDisk = Math.min(serverDisk, runtime.baseFootprint.diskBytes + (base?.diskBytes ?? 0));
  const memory = bytesQuantity(share.memoryBytes - agentMemoryBytes);
  return {
    server: {
      limits: {
        'ephemeral-storage': bytesQuantity(serverDisk),
        memory,
        ...(pool.accelerator === null ? {} : { [pool.accelerator.resourceName]: '1' }),
      },
      requests: {
        cpu: cpuQuantity(share.cpuMillis - agentCpuMillis),
        'ephemeral-storage': bytesQuantity(emptyDisk),
        memory,
      },
    },
    agent: {
      limits: { 'ephemeral-storage': bytesQuantity(agentDisk), memory: bytesQuantity(agentMemoryBytes) },
      requests: {
        cpu: cpuQuantity(agentCpuMillis),
        'ephemeral-storage': bytesQuantity(Math.min(64 * MiB, agentDisk)),
        memory: bytesQuantity(agentMemoryBytes),
      },
    },
  };
}
