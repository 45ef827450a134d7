import { byCodePoint } from '../../declare/findings';
import {
  type PodState,
  type ServiceState,
  type ShardModelState,
  type ShardState,
  serviceStates,
} from '../../protocol/mesh-state';
import { byPod, type ModelRecord, type PodRecord, type ShardRecord } from './records';
import type { World } from './world';

export interface StateQuery {
  /** null: all. */
  readonly shard: string | null;
  readonly models: 'all' | 'problems' | 'none';
}

export function shardStates(world: World, query: StateQuery): readonly ShardState[] {
  const shards = [...world.shards.values()].filter(({ id }) => query.shard === null || query.shard === id);
  return shards
    .sort((a, b) => byCodePoint(a.id, b.id))
    .map((shard) => ({
      shard: shard.id,
      table: { revision: shard.table?.revision ?? 0, removed: shard.orphaned, problem: shard.problem },
      pods: [...shard.pods.values()].sort(byPod).map(podState),
      ...(query.models === 'none' ? {} : { models: modelStates(shard, query.models === 'problems') }),
    }));
}

/** How many models are in which state; a model in two shards counts where it is declared. */
export function countStates(world: World): Record<ServiceState, number> {
  const counts = Object.fromEntries(serviceStates.map((state) => [state, 0])) as Record<ServiceState, number>;
  for (const model of world.models.values()) {
    const shard = model.listings[0] ?? model.holders[0]?.shard;
    if (shard !== undefined) counts[serviceState(model, shard)]++;
  }
  return counts;
}

function podState(pod: PodRecord): PodState {
  const { info, shard, instance, lost, serving, tableDigest, tableProblem } = pod;
  const reports = [...pod.models.values()];
  const current = shard.table !== null && tableDigest === shard.table.digest;
  return {
    pod: info.pod,
    address: info.address,
    zone: info.zone,
    alive: info.alive,
    agent: lost ? 'lost' : instance === null ? 'not-heard' : 'heard',
    serving,
    member: shard.members.has(pod),
    table: current ? 'current' : tableProblem === null ? 'other' : 'refused',
    tableProblem,
    memoryBytes: reports.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0),
    declaredBytes: reports.reduce((sum, { declaredBytes }) => sum + declaredBytes, 0),
  };
}

function modelStates(shard: ShardRecord, problemsOnly: boolean): readonly ShardModelState[] {
  const models = new Set(shard.listed.keys());
  for (const pod of shard.pods.values()) for (const model of pod.models.keys()) models.add(model);
  return [...models]
    .map((model) => modelState(model, shard))
    .filter(({ state }) => !problemsOnly || state !== 'up')
    .sort((a, b) => byCodePoint(a.model, b.model));
}

function modelState(model: ModelRecord, shard: ShardRecord): ShardModelState {
  return {
    model: model.key,
    served: model.served,
    residency: model.residency,
    state: serviceState(model, shard),
    route: model.target?.id ?? null,
    pods: [...shard.pods.values()].sort(byPod).flatMap((pod) => {
      const report = pod.models.get(model);
      if (report === undefined) return [];
      const { state, reason, memoryBytes, declaredBytes } = report;
      return [{ pod: pod.info.pod, state, reason, memoryBytes, declaredBytes }];
    }),
  };
}

function serviceState(model: ModelRecord, shard: ShardRecord): ServiceState {
  if (!shard.listed.has(model)) return 'leaving';
  if (model.target?.shard === shard) return model.target.pod === null ? 'up' : 'partial';
  if (model.target !== null) return 'moving';
  const states = [...shard.pods.values()].map((pod) => pod.models.get(model)?.state);
  return states.length > 0 && states.every((state) => state === 'failed') ? 'failed' : 'loading';
}
