import { byCodePoint } from '../declare/findings';
import type { Fleet, Pool } from '../declare/fleet';
import type { Shard } from '../pack/packing';
import { copiesSelector, copyClass, type Labels, nodeGroupLabel, shardSelector } from './names';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/**
 * Where a shard's pods may and should run. Pods gather on few nodes, as the plan counts them; the replicas of one shard
 * stay apart where that needs no further node, and one-pod shards of a class are spread over zones, never over hosts:
 * see docs/decisions/0011-rollout-of-copies.md. A node-isolated group repels every other shard pod of the cluster (the
 * scheduler honours that both ways), and gathers first of all: see docs/decisions/0004-node-isolation.md.
 */
export function shardScheduling(fleet: Fleet, shard: Shard, pool: Pool): Record<string, unknown> {
  const isolated = shard.nodeIsolated;
  const nodeSelector = sorted(pool.nodeSelector);
  return {
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(pool.tolerations.length === 0
      ? {}
      : { tolerations: pool.tolerations.map((toleration) => ({ ...toleration })) }),
    affinity: {
      ...(shard.zones.length === 0 ? {} : { nodeAffinity: inZones(shard.zones) }),
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { labelSelector: gatherWith(fleet, shard), topologyKey: hostname } },
        ],
      },
      ...(isolated ? { podAntiAffinity: repelOthers(fleet, shard) } : {}),
    },
    ...apart(fleet, shard, pool),
  };
}

function apart(fleet: Fleet, shard: Shard, pool: Pool): Record<string, unknown> {
  const zones = pool.zones.length > 1;
  if (shard.nodeIsolated) return {};
  if (shard.replicas > 1)
    return { topologySpreadConstraints: spread(shardSelector(fleet, shard.id), zones ? ['host', 'zone'] : ['host']) };
  if (!zones || shard.zones.length === 1) return {};
  // Pods of many Deployments: each has a template hash of its own.
  const classPods = copiesSelector(fleet, copyClass(shard));
  return { topologySpreadConstraints: spread(classPods, ['zone'], []) };
}

/** Copies apart, as far as that goes. A node that lacks one of the keys counts for none of them. */
export function spread(
  selector: Labels,
  over: readonly ('host' | 'zone')[],
  alike: readonly string[] = ['pod-template-hash'],
): readonly unknown[] {
  return over.map((domain) => ({
    labelSelector: { matchLabels: selector },
    ...(alike.length === 0 ? {} : { matchLabelKeys: alike }),
    maxSkew: 1,
    topologyKey: domain === 'host' ? hostname : zone,
    whenUnsatisfiable: 'ScheduleAnyway',
  }));
}

/**
 * The router's pods on different hosts, which holds also where nodes have no zones, and off the nodes of the pools, whose
 * room the plan has given away.
 */
export function routerAffinity(fleet: Fleet, selector: Labels): unknown {
  const values = new Map<string, Set<string>>();
  for (const { nodeSelector } of fleet.pools) {
    for (const [key, value] of Object.entries(nodeSelector)) values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  const elsewhere = [...values]
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([key, taken]) => ({
      preference: { matchExpressions: [{ key, operator: 'NotIn', values: [...taken].sort(byCodePoint) }] },
      weight: 100,
    }));
  return {
    ...(elsewhere.length === 0 ? {} : { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: elsewhere } }),
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { podAffinityTerm: { labelSelector: { matchLabels: selector }, topologyKey: hostname }, weight: 100 },
      ],
    },
  };
}

function inZones(zones: readonly string[]): unknown {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: [...zones] }] }],
    },
  };
}

function gatherWith(fleet: Fleet, shard: Shard): unknown {
  return {
    matchExpressions: [
      { key: 'app.kubernetes.io/component', operator: 'In', values: ['shard'] },
      { key: 'stowage.dev/fleet', operator: 'In', values: [fleet.name] },
      shard.nodeIsolated
        ? { key: nodeGroupLabel, operator: 'In', values: [shard.group] }
        : { key: nodeGroupLabel, operator: 'DoesNotExist' },
    ],
  };
}

/** Every shard pod of another group, of no group, or of another fleet, in any namespace. */
function repelOthers(fleet: Fleet, shard: Shard): unknown {
  const term = (key: string, value: string) => ({
    labelSelector: {
      matchExpressions: [
        { key: 'app.kubernetes.io/component', operator: 'In', values: ['shard'] },
        { key: 'stowage.dev/fleet', operator: 'Exists' },
        { key, operator: 'NotIn', values: [value] },
      ],
    },
    namespaceSelector: {},
    topologyKey: hostname,
  });
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      term(nodeGroupLabel, shard.group),
      term('stowage.dev/fleet', fleet.name),
    ],
  };
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => byCodePoint(a, b)));
}
