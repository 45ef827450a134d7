import type * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject, RenderedGroup } from '../../src/render/objects';
import type { LateValues } from './late-values';
import { resourceClass } from './resource-classes';

/** Kinds that must be there before a pod starts, and go after it. */
const prerequisites = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'NetworkPolicy',
  'Role',
  'RoleBinding',
  'Secret',
  'ServiceAccount',
]);
/** Kinds that refer to a Deployment or Service of their group, and go before it. */
const dependents = new Set(['HorizontalPodAutoscaler', 'HTTPRoute', 'PodDisruptionBudget']);

export interface ChildOptions {
  readonly parent: pulumi.Resource;
  /** The component's name, which replaces the fleet's in resource names. */
  readonly name: string;
  readonly fleetName: string;
  readonly late: LateValues;
}

/**
 * One Pulumi resource an object, all children of the component. No Deployment waits for another group's: a shard that
 * takes ten minutes to load holds up nobody.
 */
export function registerChildren(groups: readonly RenderedGroup[], options: ChildOptions): void {
  const shared: pulumi.Resource[] = [];
  for (const group of groups) {
    const first: pulumi.Resource[] = [];
    const main: pulumi.Resource[] = [];
    for (const object of group.objects) {
      if (prerequisites.has(object.kind)) first.push(register(object, [], options));
    }
    for (const object of group.objects) {
      if (prerequisites.has(object.kind) || dependents.has(object.kind)) continue;
      main.push(register(object, object.kind === 'Deployment' ? [...shared, ...first] : [], options));
    }
    for (const object of group.objects) {
      if (dependents.has(object.kind)) register(object, main, options);
    }
    if (group.shard === null) shared.push(...first);
  }
}

function register(
  object: KubernetesObject,
  dependsOn: readonly pulumi.Resource[],
  { parent, name, fleetName, late }: ChildOptions,
): pulumi.Resource {
  const { apiVersion, kind } = object;
  const Resource = resourceClass(apiVersion, kind);
  const own = object.metadata.name;
  const suffix = own.startsWith(`${fleetName}-`) ? own.slice(fleetName.length + 1) : own;
  const deadline = deadlineSeconds(object);
  return new Resource(own === fleetName ? name : `${name}-${suffix}`, late.fill(object) as never, {
    parent,
    dependsOn: [...dependsOn],
    // The provider would give up after ten minutes; the rendered deadline allows for slow model servers.
    ...(deadline === null ? {} : { customTimeouts: { create: `${deadline}s`, update: `${deadline}s` } }),
  });
}

function deadlineSeconds(object: KubernetesObject): number | null {
  if (object.kind !== 'Deployment') return null;
  const { progressDeadlineSeconds } = object.spec as { readonly progressDeadlineSeconds?: number };
  return progressDeadlineSeconds === undefined ? null : progressDeadlineSeconds + 60;
}
