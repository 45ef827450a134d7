import type { ModelReport } from '../../protocol/agent-api';
import type { ModelTableEntry, ModelTableHeader } from '../../render/model-table';
import type { ShardEndpoints } from '../route-state';
import type { SourcePod, SourceTable } from './events';
import type { NameSet } from './name-index';

/** What the control knows, linked for quick walks. Mutable, and never seen outside `control/`. */

/** In force for good; smaller numbers are the time at which a drain ends. */
export const inForce = Number.POSITIVE_INFINITY;

export class ShardRecord {
  table: SourceTable | null = null;
  /** Of the last good table. */
  listed: ReadonlyMap<ModelRecord, ModelTableEntry> = new Map();
  header: Omit<ModelTableHeader, 'part'> | null = null;
  /** Its ConfigMaps are gone while pods are still there. */
  orphaned = false;
  problem: string | null = null;
  readonly pods = new Map<string, PodRecord>();
  readonly full: Group;
  readonly partial = new Map<string, Group>();
  /** Models whose route points here. */
  readonly routed = new Set<ModelRecord>();
  /** Pods that get the requests for `full`, as last pushed. */
  members: ReadonlySet<PodRecord> = new Set();
  /** Pods that Envoy may take for members: in force, or until a drain ends. */
  readonly sent = new Map<PodRecord, number>();
  /** Pods fit for requests, and those of them that settle which models go to `full`. */
  candidates: readonly PodRecord[] = [];
  intended: readonly PodRecord[] = [];
  /** Since when a model has waited for the room of leaving ones; null: none does. */
  waitingSince: number | null = null;
  crowded = false;

  constructor(readonly id: string) {
    this.full = new Group(id, this, null);
  }
}

/** Where routes point to: a shard's members, or one pod of the shard alone. */
export class Group {
  /** Models with a slot here. */
  readonly models = new Set<ModelRecord>();
  endpoints: ShardEndpoints | null = null;
  constructor(
    readonly id: string,
    readonly shard: ShardRecord,
    readonly pod: PodRecord | null,
  ) {}
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

export class ModelRecord {
  /** Shards whose tables have it. */
  readonly listings: ShardRecord[] = [];
  readonly holders: PodRecord[] = [];
  readonly slots: Slot[] = [];
  nameSet: NameSet | null = null;
  /** It is on the pile of models to look at. */
  piled = false;
  /** Where its route points to; null: nowhere. */
  target: Group | null = null;
  residency: 'resident' | 'on-demand' = 'resident';
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

export function drop<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

export function byPod(a: PodRecord, b: PodRecord): number {
  return a.info.pod < b.info.pod ? -1 : a.info.pod > b.info.pod ? 1 : 0;
}
