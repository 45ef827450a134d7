import { byCodePoint } from '../declare/findings';
import type { Fleet } from '../declare/fleet';
import type { Shard } from '../pack/packing';
import { copiesSelector, copyClass, fleetLabels, names } from './names';
import type { KubernetesObject } from './objects';

/**
 * Drains take one pod of a class at a time, where a model has its copies in several one-pod shards. Any two pods of a class
 * may be all that hold some model, so no share of them could go at once; and which pods do changes with every move, so the
 * budget is over the class, whose label restarts no pod. A class of single copies has none: there it would protect nothing.
 */
export function copyBudgets(fleet: Fleet, shards: readonly Shard[]): readonly KubernetesObject[] {
  const seen = new Set<string>();
  const classes = new Set<string>();
  for (const shard of shards) {
    if (shard.replicas > 1) continue;
    if (shard.models.some((model) => seen.has(model))) classes.add(copyClass(shard));
    for (const model of shard.models) seen.add(model);
  }
  return [...classes].sort(byCodePoint).map((of) => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: names.copies(fleet, of), namespace: fleet.namespace, labels: fleetLabels(fleet, 'shard') },
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: copiesSelector(fleet, of) },
      // Pods that never got ready do not hold up a drain.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  }));
}
