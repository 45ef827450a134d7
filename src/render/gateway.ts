import type { Fleet } from '../declare/fleet';
import { fleetLabels, names, routerPorts } from './names';
import type { KubernetesObject } from './objects';

/**
 * One HTTPRoute for both protocols: an HTTPRoute and a GRPCRoute of the same hostname exclude one another on a listener.
 * gRPC is told by its service's path. Fields that the API server would fill in are given, so that nothing differs.
 */
export function gatewayObjects(fleet: Fleet): readonly KubernetesObject[] {
  const { gateway } = fleet.mesh;
  if (gateway === null) return [];
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: names.router(fleet), namespace: fleet.namespace, labels: fleetLabels(fleet, 'router') },
      spec: {
        ...(gateway.hostnames.length === 0 ? {} : { hostnames: [...gateway.hostnames] }),
        parentRefs: [
          {
            group: 'gateway.networking.k8s.io',
            kind: 'Gateway',
            name: gateway.name,
            namespace: gateway.namespace,
          },
        ],
        rules: [rule(fleet, '/inference.GRPCInferenceService', routerPorts.grpc), rule(fleet, '/', 80)],
      },
    },
  ];
}

function rule(fleet: Fleet, path: string, port: number): unknown {
  return {
    backendRefs: [{ group: '', kind: 'Service', name: names.router(fleet), port, weight: 1 }],
    matches: [{ path: { type: 'PathPrefix', value: path } }],
  };
}
