import type { NodeObject } from '../nodes';
import { type KubeClient, KubeError } from './kube-client';

const leaseSeconds = 40;

/** Registers a node that this agent keeps, not KWOK. */
export async function registerNode(client: KubeClient, node: NodeObject): Promise<void> {
  const { annotations: _, ...metadata } = node.metadata;
  try {
    await client.call('POST', '/api/v1/nodes', { body: { ...node, metadata } });
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 409)) throw error;
  }
  await renewLease(client, node.metadata.name);
  const now = new Date().toISOString();
  const condition = (type: string, status: string, reason: string) => ({
    ...{ type, status, reason, message: 'the node agent of the test bed' },
    ...{ lastHeartbeatTime: now, lastTransitionTime: now },
  });
  const status = {
    ...node.status,
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    conditions: [
      condition('Ready', 'True', 'KubeletReady'),
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
    ],
  };
  await client.call('PATCH', `/api/v1/nodes/${node.metadata.name}/status`, {
    ...{ body: { status }, contentType: 'application/strategic-merge-patch+json' },
  });
}

/** What keeps a node ready in the eyes of the controllers. */
export async function renewLease(client: KubeClient, name: string): Promise<void> {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const body = {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime },
  };
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
  await client.call('PATCH', `${path}?fieldManager=node-agent&force=true`, {
    ...{ body, contentType: 'application/apply-patch+yaml' },
  });
}
