import * as k8s from '@pulumi/kubernetes';

interface Choice {
  readonly value: string;
  readonly image: string;
  readonly app: string;
}
const choice = JSON.parse(process.env.BED_PROGRAM ?? '{}') as Choice;

const space = new k8s.core.v1.Namespace('space', { metadata: { name: 'provider-try' } });
const namespace = space.metadata.name;
const table = new k8s.core.v1.ConfigMap('table', { metadata: { name: 'table', namespace }, data: { a: choice.value } });
const labels = { app: choice.app };
const server = new k8s.apps.v1.Deployment('server', {
  metadata: { name: 'server', namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'server', image: choice.image }] } },
  },
});

export const available = server.status.availableReplicas;
export const uid = table.metadata.uid;
