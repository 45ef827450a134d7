import type { Fleet } from '../declare/fleet';
import { fleetLabels, names, paths, routerPorts, routerSelector } from './names';
import {
  containerPort,
  containerSecurity,
  emptyDir,
  fromField,
  httpGet,
  imagePullPolicy,
  podSecurity,
  readOnly,
} from './pod-parts';
import { bytesQuantity, cpuQuantity } from './quantity';
import { routerAffinity, spread } from './scheduling';

const routerUser = 1000;

/** Envoy and its control plane: they speak over a UNIX socket on a volume that only they have. */
export function routerPodTemplate(fleet: Fleet): unknown {
  return {
    metadata: {
      annotations: { 'kubectl.kubernetes.io/default-container': 'envoy' },
      labels: fleetLabels(fleet, 'router'),
    },
    spec: {
      affinity: routerAffinity(fleet, routerSelector(fleet)),
      // Only meshd may ask the API server: it mounts its token itself.
      automountServiceAccountToken: false,
      containers: [envoyContainer(fleet), meshdContainer(fleet)],
      enableServiceLinks: false,
      securityContext: podSecurity(routerUser),
      serviceAccountName: names.router(fleet),
      terminationGracePeriodSeconds: 60,
      topologySpreadConstraints: spread(routerSelector(fleet), ['zone']),
      volumes: [
        emptyDir('sockets', { medium: 'Memory', sizeLimit: '16Mi' }),
        emptyDir('envoy-tmp'),
        emptyDir('meshd-tmp'),
        serviceAccountVolume,
      ],
    },
  };
}

function envoyContainer({ mesh }: Fleet): unknown {
  return {
    args: [
      '--config-path',
      '/etc/stowage/envoy.yaml',
      '--service-node',
      '$(STOWAGE_POD)',
      '--service-cluster',
      '$(STOWAGE_FLEET)',
      // A label of each of its metrics.
      '--config-yaml',
      '{"stats_config":{"stats_tags":[{"tag_name":"fleet","fixed_value":"$(STOWAGE_FLEET)"}]}}',
      // Envoy counts the node's cores, not the container's.
      '--concurrency',
      `${Math.max(1, Math.ceil(mesh.envoyCpuMillis / 1000))}`,
    ],
    command: ['envoy'],
    env: [
      fromField('STOWAGE_FLEET', "metadata.labels['stowage.dev/fleet']"),
      fromField('STOWAGE_POD', 'metadata.name'),
    ],
    image: mesh.routerImage,
    imagePullPolicy,
    lifecycle: { preStop: httpGet('/drain', routerPorts.meshd) },
    name: 'envoy',
    ports: [
      containerPort('http', routerPorts.http),
      containerPort('grpc', routerPorts.grpc),
      containerPort('status', routerPorts.status),
    ],
    // Ready with its first routes, and from then on without meshd.
    readinessProbe: {
      ...(httpGet('/ready', 'status') as object),
      failureThreshold: 3,
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
    livenessProbe: {
      ...(httpGet('/live', 'status') as object),
      failureThreshold: 6,
      periodSeconds: 10,
      timeoutSeconds: 5,
    },
    resources: resources(mesh.envoyCpuMillis, mesh.envoyMemoryBytes),
    securityContext: containerSecurity,
    volumeMounts: [
      { mountPath: paths.sockets, name: 'sockets' },
      { mountPath: paths.temporary, name: 'envoy-tmp' },
    ],
  };
}

function meshdContainer(fleet: Fleet): unknown {
  const { mesh } = fleet;
  return {
    command: ['meshd'],
    env: [
      { name: 'STOWAGE_FLEET', value: fleet.name },
      fromField('STOWAGE_NAMESPACE', 'metadata.namespace'),
      fromField('STOWAGE_POD', 'metadata.name'),
    ],
    image: mesh.routerImage,
    imagePullPolicy,
    lifecycle: { preStop: httpGet('/drain', routerPorts.meshd) },
    livenessProbe: {
      ...(httpGet('/livez', 'meshd') as object),
      failureThreshold: 6,
      periodSeconds: 10,
      timeoutSeconds: 5,
    },
    name: 'meshd',
    ports: [containerPort('meshd', routerPorts.meshd)],
    resources: resources(mesh.routerCpuMillis, mesh.routerMemoryBytes),
    securityContext: containerSecurity,
    volumeMounts: [
      { mountPath: paths.sockets, name: 'sockets' },
      { mountPath: paths.temporary, name: 'meshd-tmp' },
      readOnly('service-account', paths.serviceAccount),
    ],
  };
}

function resources(cpuMillis: number, memoryBytes: number): unknown {
  const memory = bytesQuantity(memoryBytes);
  return { limits: { memory }, requests: { cpu: cpuQuantity(cpuMillis), memory } };
}

/** What the kubelet would mount into every container of the pod. */
const serviceAccountVolume = {
  name: 'service-account',
  projected: {
    defaultMode: 0o444,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
      {
        downwardAPI: {
          items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
        },
      },
    ],
  },
};
