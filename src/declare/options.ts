import { byCodePoint } from './findings';
import type { BaselineOptions, Budgets, Limit, MeshOptions, OnDemandOptions, PackingOptions } from './fleet';
import type { FleetHead } from './input';
import { parseBytes, parseCpuMillis, parseMicros } from './quantities';
import type { Parse, QuantityReader } from './quantity-reader';

const version = '0.1.0';
/** Counts are whole numbers, like bytes. */
const parseCount = parseBytes;
const parseSpeed: Parse = (input) => {
  const result = parseBytes(input);
  return result.ok && result.value === 0 ? { ok: false, reason: 'must be more than 0' } : result;
};

export function resolvePacking(head: FleetHead, quantities: QuantityReader): PackingOptions {
  const { utilizationTarget, acceleratorReserve } = head.packing ?? {};
  return {
    layout: head.packing?.layout ?? 'copies',
    utilizationTargetMicro: quantities.read(parseMicros, utilizationTarget, 0.7, 'packing', 'utilizationTarget'),
    acceleratorReserveBytes: quantities.read(parseBytes, acceleratorReserve, '512Mi', 'packing', 'acceleratorReserve'),
    onDemand: resolveOnDemand(head, quantities),
  };
}

function resolveOnDemand(head: FleetHead, quantities: QuantityReader): OnDemandOptions {
  const { targetColdStartRate, of, loadBandwidth, leastModels } = head.packing?.onDemand ?? {};
  const path = ['packing', 'onDemand'] as const;
  return {
    targetColdStartMicro: quantities.read(parseMicros, targetColdStartRate, 0.01, ...path, 'targetColdStartRate'),
    targetOf: of ?? 'their-requests',
    loadBytesPerSecond: quantities.read(parseSpeed, loadBandwidth, '256Mi', ...path, 'loadBandwidth'),
    leastModels: leastModels ?? 100,
  };
}

export function resolveBaseline(head: FleetHead, quantities: QuantityReader): BaselineOptions {
  const { podsPerReplica, sidecarCpu, sidecarMemory, minReplicas } = head.baseline ?? {};
  return {
    podsPerReplica: podsPerReplica ?? 1,
    sidecarCpuMillis: quantities.read(parseCpuMillis, sidecarCpu, '500m', 'baseline', 'sidecarCpu'),
    sidecarMemoryBytes: quantities.read(parseBytes, sidecarMemory, '500M', 'baseline', 'sidecarMemory'),
    minReplicas: minReplicas ?? 1,
  };
}

export function resolveBudgets(head: FleetHead, quantities: QuantityReader): Budgets {
  const budgets = head.budgets ?? {};
  const gpus: Record<string, Limit> = {};
  for (const [kind, value] of Object.entries(budgets.gpus ?? {}).sort(([a], [b]) => byCodePoint(a, b))) {
    const limit = quantities.limit(parseCount, value, 'budgets', 'gpus', kind);
    if (limit !== null) gpus[kind] = limit;
  }
  return {
    pods: quantities.limit(parseCount, budgets.pods, 'budgets', 'pods'),
    ips: quantities.limit(parseCount, budgets.ips, 'budgets', 'ips'),
    nodes: quantities.limit(parseCount, budgets.nodes, 'budgets', 'nodes'),
    gpus,
    cpuMillis: quantities.limit(parseCpuMillis, budgets.cpu, 'budgets', 'cpu'),
    memoryBytes: quantities.limit(parseBytes, budgets.memory, 'budgets', 'memory'),
    costMicrosPerHour: quantities.limit(parseMicros, budgets.costPerHour, 'budgets', 'costPerHour'),
    modelsPerShard: quantities.limit(parseCount, budgets.modelsPerShard, 'budgets', 'modelsPerShard'),
    replicaSets: quantities.limit(parseCount, budgets.replicaSets, 'budgets', 'replicaSets'),
    moves: quantities.limit(parseCount, budgets.moves, 'budgets', 'moves'),
    moveBytes: quantities.limit(parseBytes, budgets.moveBytes, 'budgets', 'moveBytes'),
  };
}

export function resolveMesh(head: FleetHead, quantities: QuantityReader): MeshOptions {
  const mesh = head.mesh ?? {};
  const router = mesh.router ?? {};
  const replicas = router.replicas ?? 2;
  return {
    routerReplicas: replicas,
    routerMaxReplicas: Math.max(replicas, router.maxReplicas ?? 10),
    routerImage: router.image ?? `ghcr.io/stowage/router:${version}`,
    routerCpuMillis: quantities.read(parseCpuMillis, router.cpu, '250m', 'mesh', 'router', 'cpu'),
    routerMemoryBytes: quantities.read(parseBytes, router.memory, '256Mi', 'mesh', 'router', 'memory'),
    envoyCpuMillis: quantities.read(parseCpuMillis, router.envoy?.cpu, '500m', 'mesh', 'router', 'envoy', 'cpu'),
    envoyMemoryBytes: quantities.read(parseBytes, router.envoy?.memory, '512Mi', 'mesh', 'router', 'envoy', 'memory'),
    agentImage: mesh.agent?.image ?? `ghcr.io/stowage/agent:${version}`,
    agentCpuMillis: quantities.read(parseCpuMillis, mesh.agent?.cpu, '100m', 'mesh', 'agent', 'cpu'),
    agentMemoryBytes: quantities.read(parseBytes, mesh.agent?.memory, '128Mi', 'mesh', 'agent', 'memory'),
    agentReadyHoldSeconds: mesh.agent?.readyHoldSeconds ?? null,
    agentRoomWaitSeconds: mesh.agent?.roomWaitSeconds ?? null,
    dashboard: mesh.dashboard ?? false,
    serviceType: mesh.serviceType ?? 'ClusterIP',
    gateway:
      mesh.gateway === undefined
        ? null
        : { name: mesh.gateway.name, namespace: mesh.gateway.namespace, hostnames: mesh.gateway.hostnames ?? [] },
    storageSecretName: mesh.storageSecretName ?? null,
    clientNamespaces: [...(mesh.clientNamespaces ?? [])].sort(byCodePoint),
  };
}
