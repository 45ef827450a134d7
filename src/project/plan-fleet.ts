import { resolve } from 'node:path';
import { nearest } from '../declare/findings';
import type { Fleet } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { type EventSink, ignoreEvents } from '../events';
import type { Effort, LockedPlacement, Objective } from '../pack/packing';
import type { MoveLimits } from '../pack/rebalance/rebalance';
import type { Conflict } from '../plan/conflict/conflict';
import { type PlannedWithin, planWithin } from '../plan/conflict/plan-within';
import { formatLockfile, lockOf } from '../plan/lockfile';
import { makePlan } from '../plan/make-plan';
import type { Plan } from '../plan/plan';
import { withinMoves } from './bounded-moves';
import { type ReadLock, readLock, shownPath, writeLock } from './lock-io';

export interface PlanFleetOptions {
  /** Path of the lockfile, relative to the current directory; null: none is read. @default null */
  readonly lockfile?: string | null;
  /** `stable`: locked models stay where they still fit. `repack`: from nothing. @default stable */
  readonly mode?: 'stable' | 'repack';
  /** Keys of locked models that may move. */
  readonly update?: readonly string[];
  /** Move locked models where that saves most, within these and the fleet's own budgets. Only in mode `stable`. */
  readonly limits?: MoveLimits;
  /** `spread`: at no more cost, as few models as may be are lost with a pod. @default cost */
  readonly objective?: Objective;
  /** `max`: look longer for a cheaper packing. @default default */
  readonly effort?: Effort;
  /** Refuse a plan that differs from the lockfile. @default false */
  readonly frozen?: boolean;
  readonly onEvent?: EventSink;
}

export interface PlannedFleet {
  readonly fleet: Fleet;
  readonly plan: Plan;
  readonly locked: LockedPlacement;
  /** What the lockfile should hold. */
  readonly lockText: string;
  /** How the lockfile stands to this plan; `off` where none was asked for. */
  readonly lockState: 'absent' | 'current' | 'stale' | 'off';
  readonly lockfile: string | null;
  /** What the lockfile held before. */
  readonly prior: LockedPlacement | null;
  /** Why no plan keeps the hard budgets, worked out when first asked for: some packings more; null where one does. */
  readonly conflict: () => Conflict | null;
}

/**
 * Reads the lockfile, packs, and plans. Writes nothing: see {@link saveLock}.
 * @throws StowageError STW2xxx, STW3xxx, STW5101, and STW5103 where `frozen` and the lockfile is absent or stale,
 * STW5104 where `update` names no declared model
 */
export function planFleet(fleet: Fleet, options: PlanFleetOptions = {}): PlannedFleet {
  const onEvent = options.onEvent ?? ignoreEvents;
  const lockfile = options.lockfile == null ? null : resolve(options.lockfile);
  const before = lockfile === null ? null : readLock(lockfile);
  const unlocked = unlockedModels(fleet, options.update ?? []);
  const stable = planWithin({
    fleet,
    onEvent,
    mode: options.mode ?? 'stable',
    unlocked,
    objective: options.objective ?? 'cost',
    effort: options.effort ?? 'default',
    ...(before === null ? {} : { prior: before.placement }),
  });
  const { conflict } = stable;
  const { packing, plan } = moved(fleet, stable, before, options);
  const locked = lockOf(fleet, packing);
  const lockText = formatLockfile(locked);
  const lockState = stateOf(lockfile, before, lockText);
  if (options.frozen === true && lockfile !== null) refuseUnlessCurrent(lockState, lockfile, before, locked);
  return { fleet, plan, locked, lockText, lockState, lockfile, prior: before?.placement ?? null, conflict };
}

/** With the moves that the limits allow; as it is where none are given. */
function moved(
  fleet: Fleet,
  stable: PlannedWithin,
  before: ReadLock | null,
  { limits, mode }: PlanFleetOptions,
): Pick<PlannedWithin, 'packing' | 'plan'> {
  if (limits === undefined || before === null || mode === 'repack') return stable;
  const prior = before.placement;
  const { packing } = withinMoves(fleet, stable.packing, prior, limits);
  return packing === stable.packing ? stable : { packing, plan: makePlan(fleet, packing, prior) };
}

/** Writes the lockfile if it is not current. True where it did. @throws StowageError STW5102 */
export function saveLock(planned: PlannedFleet): boolean {
  if (planned.lockfile === null || planned.lockState === 'current') return false;
  writeLock(planned.lockfile, planned.lockText);
  return true;
}

function stateOf(lockfile: string | null, before: ReadLock | null, text: string): PlannedFleet['lockState'] {
  if (lockfile === null) return 'off';
  if (before === null) return 'absent';
  return before.text === text ? 'current' : 'stale';
}

function unlockedModels(fleet: Fleet, update: readonly string[]): ReadonlySet<string> {
  if (update.length === 0) return new Set();
  const keys = new Set(fleet.models.map((model) => model.key));
  const unknown = update.filter((key) => !keys.has(key));
  if (unknown.length > 0)
    throw new StowageError(
      unknown.map((key) => {
        const near = nearest(key, keys);
        return diagnostic('STW5104', `no model has the key "${key}"`, {
          ...(near === null ? {} : { hint: `Did you mean "${near}"?` }),
        });
      }),
    );
  return new Set(update);
}

function refuseUnlessCurrent(
  state: PlannedFleet['lockState'],
  lockfile: string,
  before: ReadLock | null,
  locked: LockedPlacement,
): void {
  if (state === 'current') return;
  const file = shownPath(lockfile);
  const message =
    before === null
      ? `there is no lockfile ${file}`
      : `${file} is not current: ${difference(before.placement, locked)}`;
  throw new StowageError([diagnostic('STW5103', message, { location: { file } })]);
}

function difference(before: LockedPlacement, after: LockedPlacement): string {
  const old = new Map(before.models.map((model) => [model.key, model]));
  let added = 0;
  let moved = 0;
  let recopied = 0;
  let resized = 0;
  for (const model of after.models) {
    const was = old.get(model.key);
    if (was === undefined) added++;
    else if (was.shards.join() !== model.shards.join()) {
      if (was.shards.length === model.shards.length) moved++;
      else recopied++;
    } else if (was.acceleratorMemoryBytes !== model.acceleratorMemoryBytes || was.memoryBytes !== model.memoryBytes)
      resized++;
  }
  const removed = before.models.length - (after.models.length - added);
  const parts = [
    [added, 'added'],
    [removed, 'removed'],
    [moved, 'moved'],
    [recopied, 'in more or fewer shards'],
    [resized, 'resized'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return said.length === 0 ? 'its shards differ' : `models ${said.join(', ')}`;
}
