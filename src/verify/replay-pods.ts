import type { Model, Pool } from '../declare/fleet';
import type { CheckedClass } from './declared';
import { type Amounts, dimensionNames, takenByModel } from './exact';

/** A copy in a pod, with the size that it was packed with. */
export interface HeldCopy {
  readonly key: string;
  /** null: declared no longer. */
  readonly model: Model | null;
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
  /** Load before the first wave. */
  readonly before: { microDuty: number; cpuMillis: number };
  running: boolean;
  /** Has been, at any time. */
  ran: boolean;
}

const sizeNames = dimensionNames.filter((name) => name !== 'microDuty' && name !== 'cpuMillis');

/** What all copies together take of a pod; the load by how many copies each model has now. */
export function totalHeld(
  pods: ReplayPods,
  classOf: (key: string) => CheckedClass | undefined,
  overhead: number,
  copiesOf: (key: string) => number,
): Amounts {
  const total = { acceleratorMemoryBytes: 0, microDuty: 0, memoryBytes: 0, cpuMillis: 0, diskBytes: 0, models: 0 };
  for (const { key, model, acceleratorMemoryBytes, memoryBytes } of pods.held.values()) {
    total.models += 1;
    // What on-demand models find is the agent's to share out.
    const resident = model?.residency !== 'on-demand';
    if (resident && pods.pool?.accelerator != null) total.acceleratorMemoryBytes += acceleratorMemoryBytes;
    if (resident) total.memoryBytes += memoryBytes + overhead;
    const sharing = classOf(key);
    if (model === null || sharing === undefined || pods.pool === null) continue;
    const taken = takenByModel(model, pods.pool, sharing.runtime, Math.max(1, copiesOf(key)));
    total.microDuty += taken.microDuty;
    total.cpuMillis += taken.cpuMillis;
    if (resident) total.diskBytes += taken.diskBytes;
  }
  return total;
}

/** Sizes that are over a pod's room, in words; null: all fit. */
export function overRoom(pods: ReplayPods, total: Amounts): string | null {
  if (pods.room === null) return `the pods of ${pods.name} are of a pool or runtime that is not declared`;
  for (const name of sizeNames)
    if (total[name] > pods.room[name])
      return `the pods of ${pods.name} hold ${total[name]} of ${name} then; there is room for ${pods.room[name]}`;
  return null;
}

export function overLoaded(pods: ReplayPods, total: Amounts): boolean {
  if (pods.room === null) return false;
  return (['microDuty', 'cpuMillis'] as const).some(
    (name) => total[name] > Math.max(pods.room?.[name] ?? 0, pods.before[name]),
  );
}
