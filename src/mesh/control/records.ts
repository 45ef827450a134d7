import type { ModelReport } from '../../protocol/agent-api';
import type { ModelTableEntry, ModelTableHeader } from '../../render/model-table';
import type { KnownTable, SourcePod } from './events';
import type { NameSet } from './name-index';

/** What the control knows, linked for quick walks. Mutable, and never seen outside `control/`. */

/** In force for good; smaller numbers are the time at which a drain ends. */
export const inForce = Number.POSITIVE_INFINITY;

/** What a table says of requests to a model. */
export type Listing = Pick<ModelTableEntry, 'residency' | 'timeoutMs'>;

export class ShardRecord {
  table: KnownTable | null = null;
  /** Of the last good table: only what matters here, since there are very many lines. */
  listed: ReadonlyMap<ModelRecord, Listing> = new Map();
  header: Omit<ModelTableHeader, 'part'> | null = null;
  /** Its ConfigMaps are gone while pods are still there. */
  orphaned = false;
  problem: string | null = null;
  readonly pods = new Map<string, PodRecord>();
  /** Groups that it, or a pod of it, is a part of. */
  readonly groups = new Set<Group>();
  /** Pods that could get requests, sorted; agents of some may be lost. */
  fit: readonly PodRecord[] = [];
  /** Since when a model has waited for the room of leaving ones; null: none does. */
  waitingSince: number | null = null;
  crowded = false;
  /** Since when none of its pods could get requests; null: one can. */
  missingSince: number | null = null;
  /** They have been waited for long enough. */
  missed = false;

  constructor(readonly id: string) {}
}

/** All pods of a shard, or the one of that name. */
export interface Part {
  readonly shard: ShardRecord;
  readonly pod: string | null;
}

/** Where routes point to: the pods of some shards, and what Envoy was told of them. */
export class Group {
  /** Models with a slot here. */
  readonly models = new Set<ModelRecord>();
  /** How many models' routes point here. */
  routed = 0;
  /** How many models should be here. */
  wanted = 0;
  /** Models without a route that should be here, while a plan is made. */
  hopeful: ModelRecord[] = [];
  /** Pods that get the requests, as last pushed. */
  members: ReadonlySet<PodRecord> = new Set();
  /** Pods that Envoy may take for members: in force, or until a drain ends. */
  readonly sent = new Map<PodRecord, number>();
  /** The following three have been looked at; from then on, whenever one of its shards is. */
  settled = false;
  /** Pods fit for requests, and those of them that settle which models come here. */
  candidates: readonly PodRecord[] = [];
  intended: readonly PodRecord[] = [];
  /** Each part has pods, or has been waited for, and all pods are intended. */
  complete = false;

  constructor(
    readonly key: string,
    /** What Envoy knows it by. */
    readonly id: string,
    /** Sorted. */
    readonly parts: readonly Part[],
  ) {}

  covers(pod: PodRecord): boolean {
    return this.parts.some((part) => part.shard === pod.shard && (part.pod ?? pod.info.pod) === pod.info.pod);
  }
}

export class PodRecord {
  instance: string | null = null;
  revision = 0;
  lost = false;
  serving = false;
  tableDigest: string | null = null;
  tableRevision = 0;
  tableProblem: string | null = null;
  /** Digest of the table that this instance was last sent. */
  told: string | null = null;
  readonly models = new Map<ModelRecord, ModelReport>();
  readonly leaving = new Set<ModelRecord>();
  /** Of `leaving`: those that this router has let go. */
  readonly released = new Set<ModelRecord>();
  /** How many models it reports as `waiting`. */
  waiting = 0;
  /** How many groups have it among `sent`. */
  sentBy = 0;

  constructor(
    public info: SourcePod,
    readonly shard: ShardRecord,
  ) {}
}

/** A route that Envoy may follow. */
export interface Slot {
  readonly group: Group;
  until: number;
}

// There are very many models: what grows by itself takes room for sixteen more.
const none: readonly never[] = [];

export class ModelRecord {
  /** Shards whose tables have it, sorted: all of them are meant to serve it. */
  listings: readonly ShardRecord[] = none;
  holders: readonly PodRecord[] = none;
  slots: readonly Slot[] = none;
  nameSet: NameSet | null = null;
  /** It is on the pile of models to look at. */
  piled = false;
  /** Where its route points to; null: nowhere. */
  target: Group | null = null;
  /** Where it should point to once all there are ready; null: no pod is expected to hold it. */
  wanted: Group | null = null;
  residency: 'resident' | 'on-demand' = 'resident';
  /** Of one request, as its table says; null: as the router says. */
  timeoutMs: number | null = null;
  /** When a model that no table has any more loses its route; null: a table has it. */
  endsAt: number | null = null;

  /** Since when a pod holds it and it has no route yet; null: that is not so. */
  almostSince: number | null = null;
  /** It has waited long enough for the other members. */
  impatient = false;

  constructor(
    readonly served: string,
    readonly key: string,
    readonly tenant: string,
    readonly name: string,
    readonly version: string,
  ) {}

  slot(group: Group): Slot | undefined {
    return this.slots.find((slot) => slot.group === group);
  }
}

export function splitKey(key: string): { tenant: string; name: string; version: string } {
  const slash = key.indexOf('/');
  const at = key.lastIndexOf('@');
  return { tenant: key.slice(0, slash), name: key.slice(slash + 1, at), version: key.slice(at + 1) };
}

export function without<T>(list: readonly T[], item: T): readonly T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : list;
}

export function byPod(a: PodRecord, b: PodRecord): number {
  return a.info.pod < b.info.pod ? -1 : a.info.pod > b.info.pod ? 1 : 0;
}
