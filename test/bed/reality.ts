import { expect } from 'vitest';
import type { Fleet } from '../../src/declare/fleet';
import { parseBytes, parseCpuMillis, type QuantityResult } from '../../src/declare/quantities';
import type { Plan } from '../../src/plan/plan';
import type { Bed, LivePod } from './bed';
import { eventually } from './commands';

/** The plan's promises that a cluster can be asked about. */
export interface Facts {
  readonly pods: number;
  readonly shardPods: number;
  readonly ips: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly gpus: Readonly<Record<string, number>>;
  /** By pool: nodes with shard pods. */
  readonly nodes: Readonly<Record<string, number>>;
}

export function promised({ summary, pools }: Plan): Facts {
  const { pods, shardPods, ips, cpuMillis, memoryBytes, gpus } = summary;
  const nodes = Object.fromEntries(pools.filter((pool) => pool.pods > 0).map((pool) => [pool.pool, pool.nodes]));
  return { pods, shardPods, ips, cpuMillis, memoryBytes, gpus, nodes };
}

/** Waits until as many pods as the plan promises are Running and no other pod is there; then compares all facts. */
export async function expectPlanIsReality(bed: Bed, fleet: Fleet, plan: Plan, namespace: string): Promise<void> {
  const pods = await eventually(180_000, async () => {
    const found = await bed.list<LivePod>('pods', namespace);
    const phases: Record<string, number> = {};
    for (const { status } of found) phases[status.phase] = (phases[status.phase] ?? 0) + 1;
    expect(phases).toEqual({ Running: plan.summary.pods });
    return found;
  });
  expect(seen(fleet, pods)).toEqual(promised(plan));
}

export function seen(fleet: Fleet, pods: readonly LivePod[]): Facts {
  const shardPods = pods.filter((pod) => poolOf(pod) !== undefined);
  const requests = (resource: string, from = pods) =>
    from.flatMap(({ spec }) => spec.containers.map(({ resources }) => resources?.requests?.[resource] ?? '0'));
  const nodes: Record<string, number> = {};
  const gpus: Record<string, number> = {};
  for (const { name, accelerator } of fleet.pools) {
    const own = shardPods.filter((pod) => poolOf(pod) === name);
    if (own.length > 0) nodes[name] = new Set(own.map(({ spec }) => spec.nodeName)).size;
    if (accelerator === null || own.length === 0) continue;
    gpus[accelerator.kind] =
      (gpus[accelerator.kind] ?? 0) + sum(requests(accelerator.resourceName, own).map((count) => Number(count)));
  }
  return {
    pods: pods.length,
    shardPods: shardPods.length,
    ips: new Set(pods.map(({ status }) => status.podIP)).size,
    cpuMillis: sum(requests('cpu').map((text) => read(parseCpuMillis(text)))),
    memoryBytes: sum(requests('memory').map((text) => read(parseBytes(text)))),
    gpus,
    nodes,
  };
}

export const renderedKinds =
  'configmaps,deployments,horizontalpodautoscalers,networkpolicies,poddisruptionbudgets,rolebindings,roles,serviceaccounts,services';

/** Of all that was rendered: changes when an apply changed it, and not when a controller wrote a status. */
export async function versions(bed: Bed, namespace: string): Promise<readonly (readonly string[])[]> {
  const objects = await bed.list(renderedKinds, namespace);
  return objects.map(({ kind, metadata, status }) => {
    const applied = (metadata.managedFields ?? []).filter(({ subresource }) => (subresource ?? '') === '');
    const version = metadata.generation ?? (status === undefined ? metadata.resourceVersion : null);
    return [kind, metadata.name, JSON.stringify([version, applied])];
  });
}

/** What identifies a pod that was not restarted. */
export const podUids = (pods: readonly LivePod[]): readonly string[] => pods.map(({ metadata }) => metadata.uid).sort();

const poolOf = (pod: LivePod): string | undefined => pod.metadata.labels?.['stowage.dev/pool'];
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function read(quantity: QuantityResult): number {
  if (!quantity.ok) throw new Error(`the API server gave a quantity that cannot be read: ${quantity.reason}`);
  return quantity.value;
}
