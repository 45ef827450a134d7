import type { Fleet } from '../declare/fleet';
import { fleetLabels, names } from './names';
import type { KubernetesObject } from './objects';

/** Accounts and rights: shards have none; meshd reads ConfigMaps and pods of its namespace. */
export function accessObjects(fleet: Fleet): readonly KubernetesObject[] {
  const router = { name: names.router(fleet), namespace: fleet.namespace, labels: fleetLabels(fleet, 'router') };
  const shards = { name: names.shards(fleet), namespace: fleet.namespace, labels: fleetLabels(fleet, 'shard') };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: shards, automountServiceAccountToken: false },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: router, automountServiceAccountToken: false },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: router,
      rules: [{ apiGroups: [''], resources: ['configmaps', 'pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: router,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: names.router(fleet) },
      subjects: [{ kind: 'ServiceAccount', name: names.router(fleet), namespace: fleet.namespace }],
    },
  ];
}
