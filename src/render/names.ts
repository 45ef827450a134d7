import { createHash } from 'node:crypto';
import type { Fleet } from '../declare/fleet';
import type { Shard } from '../pack/packing';

/** Object names come from the fleet's name and the shard's id alone, so that no model's name can make one invalid. */
export const names = {
  shard: (fleet: Fleet, id: string) => `${fleet.name}-${id}`,
  modelTable: (fleet: Fleet, id: string, part: number) => `${fleet.name}-${id}-models-${part}`,
  routeTable: (fleet: Fleet, part: number) => `${fleet.name}-routes-${part}`,
  shards: (fleet: Fleet) => `${fleet.name}-shards`,
  router: (fleet: Fleet) => `${fleet.name}-router`,
  dashboard: (fleet: Fleet) => `${fleet.name}-dashboard`,
  copies: (fleet: Fleet, copyClass: string) => `${fleet.name}-copies-${copyClass}`,
} as const;

/** Would it give a shard the name of an object of the fleet's own? */
export function isReservedShardId(id: string): boolean {
  return id === 'router' || id.startsWith('copies-');
}

/** Ports of the agent; a runtime may not use them. */
export const agentPorts = { agent: 9300, proxy: 9301 } as const;

/** Ports of the router pod: what clients call, Envoy's own status, meshd's. */
export const routerPorts = { http: 8080, grpc: 8081, status: 8082, meshd: 8083 } as const;

/** Where things are mounted; the same in every pod. */
export const paths = {
  modelTable: '/etc/stowage/models',
  storage: '/etc/stowage/storage',
  serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
  sockets: '/run/stowage',
  temporary: '/tmp',
  sharedMemory: '/dev/shm',
} as const;

export type Labels = Readonly<Record<string, string>>;

/** What tells a component's pods from all others; never more than this, since selectors are immutable. */
export function routerSelector(fleet: Fleet): Labels {
  return { 'app.kubernetes.io/component': 'router', 'stowage.dev/fleet': fleet.name };
}
export function shardsSelector(fleet: Fleet): Labels {
  return { 'app.kubernetes.io/component': 'shard', 'stowage.dev/fleet': fleet.name };
}
export function shardSelector(fleet: Fleet, id: string): Labels {
  return { ...shardsSelector(fleet), 'stowage.dev/shard': id };
}

/** Recommended labels of an object that belongs to the fleet as a whole. */
export function fleetLabels(fleet: Fleet, component: 'shard' | 'router' | 'dashboard'): Labels {
  return {
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/instance': fleet.name,
    'app.kubernetes.io/managed-by': 'stowage',
    'app.kubernetes.io/name': 'stowage',
    'app.kubernetes.io/part-of': 'stowage',
    'stowage.dev/fleet': fleet.name,
  };
}

/** What kind of table a ConfigMap of the fleet's own holds. */
export const tableLabel = 'stowage.dev/table';
export const nodeGroupLabel = 'stowage.dev/node-group';
const classLabel = 'stowage.dev/class';

/**
 * All copies of a model are in shards of one such class. It is the sharing class without the allowed pools: to declare one
 * more pool must restart no pod.
 */
export function copyClass({ runtime, base, group, nodeIsolated, zones }: Shard): string {
  const parts = JSON.stringify([runtime, base, group, nodeIsolated, zones]);
  return `c${createHash('sha256').update(parts).digest('hex').slice(0, 8)}`;
}

/** Pods of one-pod shards that may hold copies of the same models. */
export function copiesSelector(fleet: Fleet, copyClass: string): Labels {
  return { ...shardsSelector(fleet), [classLabel]: copyClass };
}

export function shardLabels(fleet: Fleet, shard: Shard): Labels {
  return {
    ...fleetLabels(fleet, 'shard'),
    // Not on shards of several pods: these have a disruption budget of their own, and a pod may be under one only.
    ...(shard.replicas === 1 ? { [classLabel]: copyClass(shard) } : {}),
    ...(shard.nodeIsolated ? { [nodeGroupLabel]: shard.group } : {}),
    'stowage.dev/pool': shard.pool,
    'stowage.dev/shard': shard.id,
  };
}
