import type { Fleet } from '../declare/fleet';
import type { Shard } from '../pack/packing';

/** Object names come from the fleet's name and the shard's id alone, so that no model's name can make one invalid. */
export const names = {
  shard: (fleet: Fleet, id: string) => `${fleet.name}-${id}`,
  modelTable: (fleet: Fleet, id: string, part: number) => `${fleet.name}-${id}-models-${part}`,
  shards: (fleet: Fleet) => `${fleet.name}-shards`,
  router: (fleet: Fleet) => `${fleet.name}-router`,
} as const;

/** Ids that would give a shard the name of the router's Deployment. */
export const reservedShardIds: ReadonlySet<string> = new Set(['router']);

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
export function fleetLabels(fleet: Fleet, component: 'shard' | 'router'): Labels {
  return {
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/instance': fleet.name,
    'app.kubernetes.io/managed-by': 'stowage',
    'app.kubernetes.io/name': 'stowage',
    'app.kubernetes.io/part-of': 'stowage',
    'stowage.dev/fleet': fleet.name,
  };
}

export const nodeGroupLabel = 'stowage.dev/node-group';

export function shardLabels(fleet: Fleet, shard: Shard): Labels {
  return {
    ...fleetLabels(fleet, 'shard'),
    ...(shard.nodeIsolated ? { [nodeGroupLabel]: shard.group } : {}),
    'stowage.dev/pool': shard.pool,
    'stowage.dev/shard': shard.id,
  };
}
