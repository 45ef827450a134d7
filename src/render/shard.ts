import type { Model } from '../declare/fleet';
import type { PlannedShard } from '../plan/plan';
import { tableParts } from './model-table-parts';
import { names, shardLabels, shardSelector } from './names';
import type { KubernetesObject, RenderedGroup } from './objects';
import { type ShardParts, shardPodSpec } from './shard-pod';

/**
 * The objects of one shard. The model table comes first, higher parts before lower ones: when a part is cut in two, its
 * upper half is there before it leaves the lower.
 */
export function shardGroup(parts: ShardParts, shard: PlannedShard, models: readonly Model[]): RenderedGroup {
  const tables = tableParts(parts.fleet.name, shard, parts.runtime, models).map(
    ({ part, file, text }): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(parts, names.modelTable(parts.fleet, shard.id, part)),
      data: { [file]: text },
    }),
  );
  return { shard: shard.id, objects: [...tables.reverse(), ...disruptionBudget(parts), deployment(parts)] };
}

function metadata({ fleet, shard }: ShardParts, name: string): KubernetesObject['metadata'] {
  return { name, namespace: fleet.namespace, labels: shardLabels(fleet, shard) };
}

function deployment(parts: ShardParts): KubernetesObject {
  const { fleet, shard, runtime } = parts;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(parts, names.shard(fleet, shard.id)),
    spec: {
      // Starting the server, fetching a base model, loading the first models.
      progressDeadlineSeconds: runtime.startupSeconds + 1800,
      replicas: shard.replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: shardSelector(fleet, shard.id) },
      // A surge would need a spare accelerator.
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, type: 'RollingUpdate' },
      template: {
        metadata: {
          annotations: { 'kubectl.kubernetes.io/default-container': 'server' },
          labels: shardLabels(fleet, shard),
        },
        spec: shardPodSpec(parts),
      },
    },
  };
}

/** None for a single replica: it would either hold up every drain for ever, or protect nothing. */
function disruptionBudget(parts: ShardParts): readonly KubernetesObject[] {
  const { fleet, shard } = parts;
  if (shard.replicas < 2) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(parts, names.shard(fleet, shard.id)),
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: shardSelector(fleet, shard.id) },
        // Pods that never got ready do not hold up a drain.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
  ];
}
