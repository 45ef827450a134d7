import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** A constructor of @pulumi/kubernetes; its arguments are the object's own fields. */
type ResourceClass = new (name: string, args: never, opts?: pulumi.CustomResourceOptions) => pulumi.CustomResource;

const classes: ReadonlyMap<string, ResourceClass> = new Map<string, ResourceClass>([
  ['apps/v1/Deployment', k8s.apps.v1.Deployment],
  ['autoscaling/v2/HorizontalPodAutoscaler', k8s.autoscaling.v2.HorizontalPodAutoscaler],
  ['networking.k8s.io/v1/NetworkPolicy', k8s.networking.v1.NetworkPolicy],
  ['policy/v1/PodDisruptionBudget', k8s.policy.v1.PodDisruptionBudget],
  ['rbac.authorization.k8s.io/v1/ClusterRole', k8s.rbac.v1.ClusterRole],
  ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', k8s.rbac.v1.ClusterRoleBinding],
  ['rbac.authorization.k8s.io/v1/Role', k8s.rbac.v1.Role],
  ['rbac.authorization.k8s.io/v1/RoleBinding', k8s.rbac.v1.RoleBinding],
  ['v1/ConfigMap', k8s.core.v1.ConfigMap],
  ['v1/Secret', k8s.core.v1.Secret],
  ['v1/Service', k8s.core.v1.Service],
  ['v1/ServiceAccount', k8s.core.v1.ServiceAccount],
]);

/** The typed class of a kind; kinds that @pulumi/kubernetes does not know (HTTPRoute) are custom resources. */
export function resourceClass(apiVersion: string, kind: string): ResourceClass {
  return classes.get(`${apiVersion}/${kind}`) ?? k8s.apiextensions.CustomResource;
}
