import * as k8s from '@pulumi/kubernetes';
import { Fleet } from 'stowage/pulumi';

const namespace = new k8s.core.v1.Namespace('models', {
  metadata: { name: 'quickstart', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
});

const models = new Fleet('models', { fleet: 'fleet.yaml', namespace: namespace.metadata.name });

export const endpoint = models.endpoint;
export const pods = models.summary.pods;
export const gpus = models.summary.gpus;
