import type { Fleet, Model } from '../declare/fleet';
import { type CacheItem, type CurvePoint, coldStartCurve } from './che';
import { sharedRoom } from './demand';
import { type Forecast, forecast, loadedSize, lruModel } from './forecast';
import { keepTimesByModel, type OnDemandClass } from './keep-time';
import { agentLimits, type LruRequest, type LruResult, type LruRoom, simulateLru } from './lru';
import { type OnDemandPod, onDemandPods, type PlacedShard } from './pod-room';
import { isOnDemand, requestRate } from './rates';
import { lastAsked, merged, requestTimes } from './trace';

/** When each model was asked for, ascending, in seconds from the start. */
export interface RecordedTrace {
  readonly seconds: number;
  readonly times: ReadonlyMap<string, readonly number[]>;
}

export interface SimulationOptions {
  readonly seed: number;
  /** Of a synthetic trace. */
  readonly seconds: number;
  readonly bursts: boolean;
  /** null: synthetic, by the models' declared rates. */
  readonly trace: RecordedTrace | null;
  /** `left`: all that residents leave, as agents use it. `reserve`: no more than the plan counts. */
  readonly room: 'left' | 'reserve';
}

export interface Outcome {
  readonly requests: number;
  readonly coldStarts: number;
  readonly waited: number;
  readonly refused: number;
  readonly evictions: number;
  /** Cold starts / requests, in millionths. */
  readonly coldStartMicro: number;
  /** Of requests that waited, in milliseconds. */
  readonly meanWaitMillis: number;
  readonly p95WaitMillis: number;
}

export interface Expected {
  readonly requestsPerSecond: number;
  readonly coldStartsPerSecond: number;
  readonly coldStartMicro: number;
  /** Of a load, in milliseconds. */
  readonly meanLoadMillis: number;
}

export interface ShardOutcome {
  readonly shard: string;
  readonly pods: number;
  readonly onDemandModels: number;
  /** Of one pod. */
  readonly room: LruRoom;
  readonly reserve: LruRoom;
  /** The shortest of its pods; null: everything fits. */
  readonly keptSeconds: number | null;
  readonly forecast: Expected;
  readonly replay: Outcome;
}

export interface ClassCurve {
  readonly class: string;
  readonly models: number;
  /** Kind of memory that is counted: the accelerator's where the models take any. */
  readonly memory: 'accelerator' | 'host';
  readonly totalBytes: number;
  /** What a single pod would keep for all of them. */
  readonly reserveBytes: number;
  readonly points: readonly CurvePoint[];
}

export interface Simulation {
  readonly formatVersion: '1.0';
  readonly fleet: string;
  readonly trace: {
    readonly kind: 'synthetic' | 'recorded';
    readonly seconds: number;
    readonly bursts: boolean;
    readonly seed: number;
  };
  readonly room: SimulationOptions['room'];
  readonly target: { readonly coldStartMicro: number; readonly of: 'their-requests' | 'all-requests' };
  readonly onDemandModels: number;
  /** That state no requests: one an hour is assumed of each. */
  readonly modelsWithoutRate: number;
  readonly forecast: Expected;
  readonly replay: Outcome;
  readonly shards: readonly ShardOutcome[];
  readonly curves: readonly ClassCurve[];
}

/** Sends a trace through the on-demand room of every pod of a placement, beside what is expected of it. */
export function simulate(
  fleet: Fleet,
  shards: readonly PlacedShard[],
  classes: readonly OnDemandClass[],
  options: SimulationOptions,
): Simulation {
  const { onDemand } = fleet.packing;
  const seconds = keepTimesByModel(fleet, classes);
  const byShard = new Map<string, PodOutcome[]>();
  for (const pod of onDemandPods(fleet, shards)) {
    const reserve = reserveOf(pod, seconds.get(pod.listed[0]?.key ?? '') ?? 0);
    const room = options.room === 'reserve' ? reserve : atLeastNothing(pod.left);
    const expected = forecast(pod.home, room, pod.pool, pod.runtime, onDemand);
    const replayed = replay(pod, room, fleet, options);
    const own = byShard.get(pod.shard) ?? [];
    own.push({ pod, room, reserve, expected, replayed });
    byShard.set(pod.shard, own);
  }
  const all = [...byShard.values()].flat();
  const models = fleet.models.filter(isOnDemand);
  return {
    formatVersion: '1.0',
    fleet: fleet.name,
    trace: {
      kind: options.trace === null ? 'synthetic' : 'recorded',
      seconds: options.trace?.seconds ?? options.seconds,
      bursts: options.trace === null && options.bursts,
      seed: options.seed,
    },
    room: options.room,
    target: { coldStartMicro: onDemand.targetColdStartMicro, of: onDemand.targetOf },
    onDemandModels: models.length,
    modelsWithoutRate: models.filter((model) => model.load.requestsPerSecondMicro === 0).length,
    forecast: expectedOf(all),
    replay: outcomeOf(all),
    shards: [...byShard].map(([shard, pods]) => shardOutcome(shard, pods)),
    curves: classes.flatMap((one) => curveOf(one, seconds, fleet)),
  };
}

interface PodOutcome {
  readonly pod: OnDemandPod;
  readonly room: LruRoom;
  readonly reserve: LruRoom;
  readonly expected: Forecast;
  readonly replayed: LruResult;
}

function reserveOf(pod: OnDemandPod, seconds: number): LruRoom {
  const { acceleratorMemoryBytes, memoryBytes } = sharedRoom(pod.listed, pod.runtime, seconds);
  return { acceleratorMemoryBytes: pod.pool.accelerator === null ? 0 : acceleratorMemoryBytes, memoryBytes };
}

function atLeastNothing(room: LruRoom): LruRoom {
  return {
    acceleratorMemoryBytes: Math.max(0, room.acceleratorMemoryBytes),
    memoryBytes: Math.max(0, room.memoryBytes),
  };
}

function replay(pod: OnDemandPod, room: LruRoom, fleet: Fleet, options: SimulationOptions): LruResult {
  const { seed, seconds, bursts, trace } = options;
  const models = pod.home.map((model) => lruModel(model, pod.pool, pod.runtime, fleet.packing.onDemand));
  const requests: readonly LruRequest[] = merged(
    pod.home.map((model) =>
      trace === null
        ? requestTimes(model.key, requestRate(model), { seed, seconds, bursts })
        : (trace.times.get(model.key) ?? []),
    ),
  );
  const limits = { ...agentLimits, roomWaitSeconds: fleet.mesh.agentRoomWaitSeconds ?? agentLimits.roomWaitSeconds };
  return simulateLru(models, room, requests, loadedBefore(pod.home, models, room, seed), limits);
}

/** What a pod that has run for long holds: the models that were last asked for, as many as fit; the oldest first. */
function loadedBefore(home: readonly Model[], models: readonly LruRoom[], room: LruRoom, seed: number): number[] {
  const ages = home.map((model) => lastAsked(model.key, requestRate(model), seed));
  const order = home.map((_, i) => i).sort((a, b) => (ages[a] ?? 0) - (ages[b] ?? 0) || a - b);
  let { acceleratorMemoryBytes, memoryBytes } = room;
  const held: number[] = [];
  for (const i of order) {
    acceleratorMemoryBytes -= models[i]?.acceleratorMemoryBytes ?? 0;
    memoryBytes -= models[i]?.memoryBytes ?? 0;
    if (acceleratorMemoryBytes < 0 || memoryBytes < 0) break;
    held.push(i);
  }
  return held.reverse();
}

function shardOutcome(shard: string, pods: readonly PodOutcome[]): ShardOutcome {
  const first = pods[0] as PodOutcome;
  const kept = pods.flatMap(({ expected }) => (expected.keptSeconds === null ? [] : [expected.keptSeconds]));
  return {
    shard,
    pods: pods.length,
    onDemandModels: first.pod.listed.length,
    room: first.room,
    reserve: first.reserve,
    keptSeconds: kept.length === 0 ? null : Math.min(...kept),
    forecast: expectedOf(pods),
    replay: outcomeOf(pods),
  };
}

function expectedOf(pods: readonly PodOutcome[]): Expected {
  const sum = (figure: (expected: Forecast) => number) => pods.reduce((total, pod) => total + figure(pod.expected), 0);
  const requestsPerSecond = sum((expected) => expected.requestsPerSecond);
  const coldStartsPerSecond = sum((expected) => expected.coldStartsPerSecond);
  return {
    requestsPerSecond,
    coldStartsPerSecond,
    coldStartMicro: share(coldStartsPerSecond, requestsPerSecond),
    meanLoadMillis: millis(sum((expected) => expected.loadingPerSecond) / coldStartsPerSecond),
  };
}

function outcomeOf(pods: readonly PodOutcome[]): Outcome {
  const sum = (figure: (result: LruResult) => number) => pods.reduce((total, pod) => total + figure(pod.replayed), 0);
  const requests = sum((result) => result.requests);
  const coldStarts = sum((result) => result.coldStarts);
  const waits = Float64Array.from(pods.flatMap((pod) => [...pod.replayed.waits])).sort();
  return {
    requests,
    coldStarts,
    waited: sum((result) => result.waited),
    refused: sum((result) => result.refused),
    evictions: sum((result) => result.evictions),
    coldStartMicro: share(coldStarts, requests),
    meanWaitMillis: millis(waits.reduce((total, wait) => total + wait, 0) / waits.length),
    p95WaitMillis: millis(waits[Math.max(0, Math.ceil(waits.length * 0.95) - 1)] ?? 0),
  };
}

function curveOf({ key, models }: OnDemandClass, seconds: ReadonlyMap<string, number>, fleet: Fleet): ClassCurve[] {
  const own = models.filter(isOnDemand);
  const runtime = fleet.runtimes.find(({ name }) => name === own[0]?.runtime);
  const pools = fleet.pools.filter(({ name }) => own[0]?.pools.includes(name));
  const pool = pools.find(({ accelerator }) => accelerator !== null) ?? pools[0];
  if (runtime === undefined || pool === undefined) return [];
  const sizes = own.map((model) => loadedSize(model, pool, runtime));
  const accelerated = sizes.some((size) => size.acceleratorMemoryBytes > 0);
  const kind = accelerated ? 'acceleratorMemoryBytes' : 'memoryBytes';
  const items = own.map((model, i): CacheItem => ({ bytes: sizes[i]?.[kind] ?? 0, rate: requestRate(model) }));
  return [
    {
      class: key,
      models: own.length,
      memory: accelerated ? 'accelerator' : 'host',
      totalBytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
      reserveBytes: sharedRoom(own, runtime, seconds.get(own[0]?.key ?? '') ?? 0)[kind],
      points: coldStartCurve(items, 11),
    },
  ];
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1e6);
}

function millis(seconds: number): number {
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : 0;
}
