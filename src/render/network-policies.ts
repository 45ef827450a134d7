import type { Fleet } from '../declare/fleet';
import { agentPorts, fleetLabels, names, routerPorts, routerSelector, shardsSelector } from './names';
import type { KubernetesObject } from './objects';

const tcp = (port: number) => ({ port, protocol: 'TCP' });
const dns = { ports: [{ port: 53, protocol: 'UDP' }, tcp(53)] };

/**
 * Shard pods hear the router alone and reach name servers and HTTPS storage; the router hears its clients and reaches
 * shards, name servers and the API server. Policies add up: one more of the user's own opens what else is needed.
 */
export function networkPolicies(fleet: Fleet): readonly KubernetesObject[] {
  const toShards = shardPorts(fleet).map(tcp);
  return [
    policy(fleet, 'shard', {
      egress: [dns, { ports: [tcp(443)] }],
      ingress: [{ from: [{ podSelector: { matchLabels: routerSelector(fleet) } }], ports: toShards }],
      podSelector: { matchLabels: shardsSelector(fleet) },
      policyTypes: ['Ingress', 'Egress'],
    }),
    policy(fleet, 'router', {
      egress: [
        dns,
        { ports: [tcp(443), tcp(6443)] },
        { ports: toShards, to: [{ podSelector: { matchLabels: shardsSelector(fleet) } }] },
      ],
      ingress: [{ ...clients(fleet), ports: [tcp(routerPorts.http), tcp(routerPorts.grpc)] }],
      podSelector: { matchLabels: routerSelector(fleet) },
      policyTypes: ['Ingress', 'Egress'],
    }),
  ];
}

function policy(fleet: Fleet, component: 'shard' | 'router', spec: unknown): KubernetesObject {
  const name = component === 'shard' ? names.shards(fleet) : names.router(fleet);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: fleet.namespace, labels: fleetLabels(fleet, component) },
    spec,
  };
}

/** By number: not every network plugin knows a port's name. */
function shardPorts(fleet: Fleet): readonly number[] {
  const ports = fleet.runtimes.flatMap(({ ports: { http, grpc } }) => (grpc === null ? [http] : [http, grpc]));
  return [...new Set([...ports, agentPorts.agent, agentPorts.proxy])].sort((a, b) => a - b);
}

/** The namespaces given and the gateway's; none given: anybody. */
function clients({ mesh }: Fleet): { readonly from?: readonly unknown[] } {
  if (mesh.clientNamespaces.length === 0) return {};
  const namespaces = new Set([...mesh.clientNamespaces, ...(mesh.gateway === null ? [] : [mesh.gateway.namespace])]);
  return {
    from: [...namespaces]
      .sort()
      .map((name) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })),
  };
}
