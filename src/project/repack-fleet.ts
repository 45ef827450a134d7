import { resolve } from 'node:path';
import type { Fleet } from '../declare/fleet';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { type EventSink, ignoreEvents } from '../events';
import { pack } from '../pack/pack';
import type { LockedPlacement, Packing } from '../pack/packing';
import { type MoveLimits, rebalance } from '../pack/rebalance/rebalance';
import { formatLockfile, lockOf } from '../plan/lockfile';
import { makePlan } from '../plan/make-plan';
import type { Plan } from '../plan/plan';
import {
  type MoveEconomics,
  type RepackCurve,
  repackFormatVersion,
  usualEconomics,
  worthwhileSteps,
} from '../plan/repack-curve';
import { type Transition, transitionOf } from '../plan/transition';
import { moveLimits } from './bounded-moves';
import { readLock, shownPath, writeLock } from './lock-io';

export interface RepackOptions {
  /** Path of the lockfile to start from. */
  readonly lockfile: string;
  /** Take as many steps as these allow, whether or not they pay. */
  readonly limits?: MoveLimits;
  /** @default 30 days of saving against $0.10 a move and $0.02 a gigabyte */
  readonly economics?: MoveEconomics;
  /** Place everything anew as well, to know the end of the curve. @default false */
  readonly fromNothing?: boolean;
  readonly onEvent?: EventSink;
}

export interface RepackedFleet {
  readonly curve: RepackCurve;
  /** After the chosen steps. */
  readonly plan: Plan;
  readonly transition: Transition;
  readonly locked: LockedPlacement;
  readonly lockText: string;
  readonly lockfile: string;
  /** False where the lockfile says the same already. */
  readonly changed: boolean;
}

/**
 * Cost against moves from the lockfile on, and the plan at the point that pays or that the limits allow. Writes nothing:
 * see {@link saveRepack}.
 * @throws StowageError STW5107 where there is no lockfile; STW2xxx, STW3xxx, STW5101
 */
export function repackFleet(fleet: Fleet, options: RepackOptions): RepackedFleet {
  const onEvent = options.onEvent ?? ignoreEvents;
  const lockfile = resolve(options.lockfile);
  const before = readLock(lockfile);
  if (before === null) {
    const file = shownPath(lockfile);
    throw new StowageError([diagnostic('STW5107', `there is no lockfile ${file}`, { location: { file } })]);
  }
  const prior = before.placement;
  const economics = options.economics ?? usualEconomics;
  const packing = pack({ fleet, prior, onEvent });
  onEvent({ type: 'phase-start', phase: 'pack' });
  const found = rebalance({ fleet, packing, prior });
  onEvent({ type: 'phase-end', phase: 'pack' });
  const worthwhile = worthwhileSteps(found.start, found.steps, economics);
  const { limits = {} } = options;
  const limited = limits.moves !== undefined || limits.moveBytes !== undefined;
  const allowed = found.within(moveLimits(fleet, limits));
  const chosen = limited ? allowed : Math.min(worthwhile, allowed);
  const plan = makePlan(fleet, found.after(chosen), prior);
  const locked = lockOf(fleet, found.after(chosen));
  const lockText = formatLockfile(locked);
  return {
    curve: {
      formatVersion: repackFormatVersion,
      fleet: { name: fleet.name },
      economics,
      start: found.start,
      steps: found.steps,
      fromNothing: options.fromNothing === true ? pointOf(fleet, pack({ fleet, prior, mode: 'repack' }), prior) : null,
      worthwhile,
      chosen,
    },
    plan,
    transition: transitionOf(fleet, prior, plan),
    locked,
    lockText,
    lockfile,
    changed: before.text !== lockText,
  };
}

/** Writes the lockfile if it is not so already. True where it did. @throws StowageError STW5102 */
export function saveRepack({ changed, lockfile, lockText }: RepackedFleet): boolean {
  if (changed) writeLock(lockfile, lockText);
  return changed;
}

function pointOf(fleet: Fleet, packing: Packing, prior: LockedPlacement): NonNullable<RepackCurve['fromNothing']> {
  const { changes, summary } = makePlan(fleet, packing, prior);
  return {
    moves: changes.moved.length,
    moveBytes: changes.moveBytes,
    pods: summary.shardPods,
    podCostMicrosPerHour: summary.podCostMicrosPerHour,
  };
}
