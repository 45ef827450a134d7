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

/** How many models are in which state, all their shards taken together. */
export function countStates(world: World): Record<ServiceState, number> {
  const counts = Object.fromEntries(serviceStates.map((state) => [state, 0])) as Record<ServiceState, number>;
  for (const model of world.models.values()) {
    if (model.listings.length + model.holders.length > 0) counts[overall(model)]++;
  }
  return counts;
}

function overall(model: ModelRecord): ServiceState {
  const { listings, target } = model;
  if (listings.length === 0) return 'leaving';
  const states = new Set(listings.map((shard) => serviceState(model, shard)));
  const [only] = states;
  if (target === null) return states.size === 1 && only === 'failed' ? 'failed' : 'loading';
  if (states.has('loading') || states.has('moving')) return 'moving';
  // It is up where it is no longer meant to be.
  if (states.size === 1) return only === undefined || only === 'failed' ? 'moving' : only;
  return 'partial';
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
    member: isMember(pod),
    table: current ? 'current' : tableProblem === null ? 'other' : 'refused',
    tableProblem,
    memoryBytes: reports.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0),
    declaredBytes: reports.reduce((sum, { declaredBytes }) => sum + declaredBytes, 0),
  };
}

/** It gets the requests of all groups that it should be in. */
function isMember(pod: PodRecord): boolean {
  const used = [...pod.shard.groups].filter((group) => group.routed > 0 && group.covers(pod));
  return pod.shard.fit.includes(pod) && used.every(({ members }) => members.has(pod)) && (!pod.lost || used.length > 0);
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
  const { target } = model;
  const parts = target === null || target.parts.length === 1 ? null : target.parts;
  return {
    model: model.key,
    served: model.served,
    residency: model.residency,
    state: serviceState(model, shard),
    route: target?.id ?? null,
    ...(parts === null ? {} : { routeShards: [...new Set(parts.map((part) => part.shard.id))] }),
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
  const here = model.target?.parts.filter((part) => part.shard === shard) ?? [];
  const members = model.target?.members;
  if (members !== undefined && here.length > 0 && [...members].some((pod) => pod.shard === shard)) {
    return here.every(({ pod }) => pod === null) ? 'up' : 'partial';
  }
  const states = [...shard.pods.values()].map((pod) => pod.models.get(model)?.state);
  if (states.length > 0 && states.every((state) => state === 'failed')) return 'failed';
  return model.target !== null && here.length === 0 ? 'moving' : 'loading';
}
