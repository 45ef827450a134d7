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
  const { fleet, shard } = parts;
  const { strategy, ...patience } = rollout(parts);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(parts, names.shard(fleet, shard.id)),
    spec: {
      ...patience,
      replicas: shard.replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: shardSelector(fleet, shard.id) },
      strategy,
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

/**
 * One change of a runtime's image reaches all shards at once, and shards know nothing of one another. Were each to stop its
 * pod first, both copies of a model that is in two one-pod shards could be away, or its only one; so the new pod of such a
 * shard is ready before the old one goes, which takes a spare pod in the pool and waits for it. A shard of several pods
 * rolls in place: it keeps a copy of its models, and needs no spare accelerator.
 */
function rollout({ shard, runtime }: ShardParts) {
  // Starting the server, fetching a base model, loading the first models.
  const startSeconds = runtime.startupSeconds + 1800;
  return shard.replicas === 1
    ? {
        // Routers turn to the new pod before the old one is told to stop.
        minReadySeconds: 10,
        progressDeadlineSeconds: startSeconds + sparePodSeconds,
        strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }, type: 'RollingUpdate' },
      }
    : {
        progressDeadlineSeconds: startSeconds,
        strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, type: 'RollingUpdate' },
      };
}

/**
 * How long a new pod may wait for others to leave it room, before tools call the rollout failed; it goes on regardless. Not
 * by the number of shards: one more shard would change the objects of all.
 */
const sparePodSeconds = 2 * 3600;

/** One-pod shards have one a class: copy-budgets.ts. */
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
