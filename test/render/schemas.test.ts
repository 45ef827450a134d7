import { expect, it } from 'vitest';
import { checkSchemas, noSchemas } from '../support/kubernetes-validate';
import { podSecurityViolations } from '../support/pod-security';
import { objectsOf, podSpecOf, rendered, renderedInCopies, wideFleet } from './support';

const lacking = noSchemas();
if (lacking !== null) console.warn(`skipped: objects are not checked against Kubernetes schemas: ${lacking}`);

it.skipIf(lacking !== null)(
  `fits the schemas of Kubernetes 1.31 and up, strictly, and reads back from YAML in Python${lacking === null ? '' : ` (${lacking})`}`,
  () => {
    const plain = rendered({ ...wideFleet, name: 'plain', mesh: { router: { replicas: 1, maxReplicas: 1 } } });
    const replicated = (wideFleet.models ?? []).filter(({ replicas }) => replicas === 2);
    const copies = renderedInCopies({ ...wideFleet, name: 'copies', models: replicated }).groups.map((group) => ({
      ...group,
      objects: group.objects.filter(({ metadata }) => !metadata.name.endsWith('-router')),
    }));
    const groups = [...rendered(wideFleet).groups, ...plain.groups, ...copies];
    const result = checkSchemas(groups);
    expect(result.failures).toEqual([]);
    const versions = result.versions.map((version) => version.replace(/\.0$/, ''));
    expect(versions).toEqual(expect.arrayContaining(['1.31', '1.32', '1.33', '1.34', '1.35', '1.36']));
    // A custom resource: Kubernetes itself has no schema of it.
    expect(result.unknown).toEqual(['gateway.networking.k8s.io/v1/HTTPRoute']);
    expect(result.checked).toBe(versions.length * (objectsOf(groups).length - objectsOf(groups, 'HTTPRoute').length));
  },
);

it.skipIf(lacking !== null)('is told of a wrong field by the same check', () => {
  const broken = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 1 }, extra: true };
  const { failures, versions } = checkSchemas([{ shard: null, objects: [broken] }]);
  expect(failures).toHaveLength(2 * versions.length);
});

it('keeps the restricted Pod Security Standard in every pod', () => {
  for (const deployment of objectsOf(rendered(wideFleet).groups, 'Deployment')) {
    expect(podSecurityViolations(podSpecOf(deployment))).toEqual([]);
  }
});

it('is told of what breaks that standard by the same check', () => {
  const container = {
    name: 'bad',
    securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } },
    ports: [{ containerPort: 1, hostPort: 1 }],
    livenessProbe: { httpGet: { host: 'elsewhere', path: '/', port: 1 } },
  };
  const pod = { hostNetwork: true, containers: [container], volumes: [{ name: 'v', hostPath: { path: '/' } }] };
  expect(podSecurityViolations(pod)).toEqual([
    'hostNetwork is set',
    'volume v is of the kind hostPath',
    'container bad is privileged',
    'container bad may escalate privileges',
    'container bad does not drop all capabilities',
    'container bad adds capabilities',
    'container bad may run as root',
    'container bad runs as root',
    'container bad has no seccomp profile',
    'container bad has a port of the host',
    'container bad has a probe or hook of another host',
  ]);
});
