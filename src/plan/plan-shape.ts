import { dimensions } from '../declare/capacity';
import { count, flag, list, object, oneOf, orNull, record, text, whole } from './shape';

const vector = object(Object.fromEntries(dimensions.map((dimension) => [dimension, whole])));
const texts = list(text);
const counts = record(count);
const beforeAfter = object({ before: count, after: count });

/** The JSON of plan.ts, as far as a reader relies on it. */
export const planShape = object({
  formatVersion: text,
  fleet: object({ name: text, namespace: text }),
  summary: object({
    models: count,
    tenants: count,
    copies: count,
    shards: count,
    replicaSets: count,
    shardPods: count,
    routerPods: count,
    pods: count,
    ips: count,
    nodes: count,
    gpus: counts,
    cpuMillis: count,
    memoryBytes: count,
    overheadCpuMillis: count,
    overheadMemoryBytes: count,
    costMicrosPerHour: count,
    podCostMicrosPerHour: count,
  }),
  budgets: list(
    object({
      budget: text,
      unit: oneOf('count', 'millicores', 'bytes', 'microdollars'),
      used: count,
      limit: count,
      headroom: whole,
      enforcement: oneOf('hard', 'warn'),
      status: oneOf('ok', 'broken'),
    }),
  ),
  pools: list(
    object({
      pool: text,
      accelerator: orNull(text),
      shards: count,
      pods: count,
      nodes: count,
      maxNodes: orNull(count),
      costMicrosPerHour: count,
      fillMicro: vector,
    }),
  ),
  baseline: object({
    servers: count,
    pods: count,
    ips: count,
    nodes: count,
    gpus: counts,
    cpuMillis: count,
    memoryBytes: count,
    overheadCpuMillis: count,
    overheadMemoryBytes: count,
    costMicrosPerHour: count,
    limitsHit: list(object({ budget: text, used: count, limit: count, modelsThatFit: count })),
  }),
  bound: object({
    certificate: object({
      method: text,
      classes: list(
        object({ class: text, models: count, pods: count, podCostMicrosPerHour: count, podsBy: text, costBy: text }),
      ),
      pods: count,
      podCostMicrosPerHour: count,
    }),
    podsGapMicro: whole,
    costGapMicro: whole,
  }),
  shards: list(
    object({
      id: text,
      pool: text,
      runtime: text,
      base: orNull(text),
      group: text,
      nodeIsolated: flag,
      zones: texts,
      replicas: count,
      used: vector,
      capacity: vector,
      models: texts,
      sizes: object({ acceleratorMemoryBytes: list(count), memoryBytes: list(count), diskBytes: list(count) }),
    }),
  ),
  changes: object({
    against: oneOf('lockfile', 'nothing'),
    added: texts,
    removed: texts,
    moved: list(object({ model: text, from: text, to: text, reason: text })),
    copies: list(object({ model: text, before: count, after: count })),
    resized: list(object({ model: text, acceleratorMemoryBytes: beforeAfter, memoryBytes: beforeAfter })),
    shardsAdded: texts,
    shardsRemoved: texts,
    moveBytes: count,
  }),
  warnings: list(
    object({
      code: text,
      severity: oneOf('error', 'warning'),
      message: text,
      hint: text,
      location: orNull(object({})),
    }),
  ),
});
