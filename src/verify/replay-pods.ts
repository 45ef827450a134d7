import type { Dimension } from '../declare/capacity';
import type { Model, Pool } from '../declare/fleet';
import type { CheckedClass } from './declared';
import { type Amounts, dimensionNames, takenByModel } from './exact';

/** A copy in a pod, with the size that it was packed with. */
export interface HeldCopy {
  readonly key: string;
  /** null: declared no longer. */
  readonly model: Model | null;
  /** null likewise. */
  readonly sharing: CheckedClass | null;
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
}

/** Equal pods, as they stand at some point of a replay. Mutable. */
export interface ReplayPods {
  readonly name: string;
  readonly pool: Pool | null;
  readonly runtime: string;
  readonly base: string | null;
  readonly group: string;
  readonly owner: string;
  readonly replicas: number;
  /** null: of a pool or runtime that is not declared. */
  readonly room: Amounts | null;
  /** What it holds at the end; null: it is gone then. */
  readonly wanted: ReadonlySet<string> | null;
  readonly held: Map<string, HeldCopy>;
  /** What its server takes of host memory for each loaded model. */
  readonly overhead: number;
  /** What all copies take of one pod. */
  readonly total: Record<Dimension, number>;
  /** Load before the first wave. */
  readonly before: { microDuty: number; cpuMillis: number };
  running: boolean;
  /** Has been, at any time. */
  ran: boolean;
}

const sizeNames = dimensionNames.filter((name) => name !== 'microDuty' && name !== 'cpuMillis');

/** What one copy takes of a pod, where its model has that many. */
export function takenByCopy(
  pods: ReplayPods,
  { model, sharing, acceleratorMemoryBytes, memoryBytes }: HeldCopy,
  copies: number,
): Amounts {
  // What on-demand models find is the agent's to share out.
  const resident = model?.residency !== 'on-demand';
  const accelerator = resident && pods.pool?.accelerator != null ? acceleratorMemoryBytes : 0;
  const memory = resident ? memoryBytes + pods.overhead : 0;
  if (model === null || sharing === null || pods.pool === null)
    return { ...none, acceleratorMemoryBytes: accelerator, memoryBytes: memory, models: 1 };
  const { microDuty, cpuMillis, diskBytes } = takenByModel(model, pods.pool, sharing.runtime, Math.max(1, copies));
  return {
    acceleratorMemoryBytes: accelerator,
    microDuty,
    memoryBytes: memory,
    cpuMillis,
    diskBytes: resident ? diskBytes : 0,
    models: 1,
  };
}

const none: Amounts = {
  acceleratorMemoryBytes: 0,
  microDuty: 0,
  memoryBytes: 0,
  cpuMillis: 0,
  diskBytes: 0,
  models: 0,
};

/** Sizes that are over a pod's room, in words; null: all fit. */
export function overRoom(pods: ReplayPods): string | null {
  if (pods.room === null) return `the pods of ${pods.name} are of a pool or runtime that is not declared`;
  for (const name of sizeNames)
    if (pods.total[name] > pods.room[name])
      return `the pods of ${pods.name} hold ${pods.total[name]} of ${name} then; there is room for ${pods.room[name]}`;
  return null;
}

export function overLoaded(pods: ReplayPods): boolean {
  if (pods.room === null) return false;
  return (['microDuty', 'cpuMillis'] as const).some(
    (name) => pods.total[name] > Math.max(pods.room?.[name] ?? 0, pods.before[name]),
  );
}
