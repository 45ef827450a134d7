import type { Pool } from '../../src/declare/fleet';

export interface NodeObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly taints: readonly object[] };
  readonly status: {
    readonly allocatable: Readonly<Record<string, string>>;
    readonly capacity: Readonly<Record<string, string>>;
  };
}

/** `count` fake nodes just as the pool declares them, tainted with what its pods tolerate, zones in turn. */
export function poolNodes(pool: Pool, count: number): readonly NodeObject[] {
  const resources: Record<string, string> = {
    cpu: `${pool.nodeCpuMillis}m`,
    memory: `${pool.nodeMemoryBytes}`,
    'ephemeral-storage': `${pool.nodeDiskBytes}`,
    pods: `${pool.maxPods}`,
  };
  if (pool.accelerator) resources[pool.accelerator.resourceName] = `${pool.accelerator.perNode}`;
  const taints = pool.tolerations.map((toleration) => ({
    key: toleration.key ?? 'stowage.dev/test',
    value: toleration.value ?? 'present',
    effect: toleration.effect ?? 'NoSchedule',
  }));
  return Array.from({ length: count }, (_, index) =>
    node(`${pool.name}-${index}`, resources, zone(pool, index), pool.nodeSelector, taints),
  );
}

/** One node of no pool, for what is not a shard: the router. */
export function generalNode(): NodeObject {
  return node('general', { cpu: '64', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '110' }, {}, {}, []);
}

const zone = (pool: Pool, index: number): Record<string, string> => {
  const name = pool.zones[index % pool.zones.length];
  return name === undefined ? {} : { 'topology.kubernetes.io/zone': name };
};

function node(
  name: string,
  resources: Record<string, string>,
  zoneLabel: Record<string, string>,
  selector: Readonly<Record<string, string>>,
  taints: readonly object[],
): NodeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, ...zoneLabel, ...selector },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    spec: { taints },
    status: { allocatable: resources, capacity: resources },
  };
}
