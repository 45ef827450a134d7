import type { Fleet } from '../declare/fleet';
import { fleetLabels, names, routerPorts, routerSelector } from './names';
import type { KubernetesObject } from './objects';
import { routerPodTemplate } from './router-pod';

/** The router's Deployment, Service, autoscaler and disruption budget. */
export function routerObjects(fleet: Fleet): readonly KubernetesObject[] {
  const scales = fleet.mesh.routerMaxReplicas > fleet.mesh.routerReplicas;
  return [
    service(fleet),
    deployment(fleet, scales),
    ...(scales ? [autoscaler(fleet)] : []),
    ...(fleet.mesh.routerReplicas > 1 ? [disruptionBudget(fleet)] : []),
  ];
}

function metadata(fleet: Fleet): KubernetesObject['metadata'] {
  return { name: names.router(fleet), namespace: fleet.namespace, labels: fleetLabels(fleet, 'router') };
}

function service(fleet: Fleet): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(fleet),
    spec: {
      ports: [
        { appProtocol: 'http', name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' },
        { appProtocol: 'kubernetes.io/h2c', name: 'grpc', port: routerPorts.grpc, protocol: 'TCP', targetPort: 'grpc' },
      ],
      selector: routerSelector(fleet),
      type: fleet.mesh.serviceType,
    },
  };
}

function deployment(fleet: Fleet, scales: boolean): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(fleet),
    spec: {
      progressDeadlineSeconds: 600,
      // Where the autoscaler owns the number, each apply of ours would set it back.
      ...(scales ? {} : { replicas: fleet.mesh.routerReplicas }),
      revisionHistoryLimit: 3,
      selector: { matchLabels: routerSelector(fleet) },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }, type: 'RollingUpdate' },
      template: routerPodTemplate(fleet),
    },
  };
}

function autoscaler(fleet: Fleet): KubernetesObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(fleet),
    spec: {
      maxReplicas: fleet.mesh.routerMaxReplicas,
      metrics: [
        {
          containerResource: {
            container: 'envoy',
            name: 'cpu',
            target: { averageUtilization: 70, type: 'Utilization' },
          },
          type: 'ContainerResource',
        },
      ],
      minReplicas: fleet.mesh.routerReplicas,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: names.router(fleet) },
    },
  };
}

function disruptionBudget(fleet: Fleet): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(fleet),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: routerSelector(fleet) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}
