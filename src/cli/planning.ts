import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Fleet } from '../declare/fleet';
import type { Effort, Objective } from '../pack/packing';
import type { MoveLimits } from '../pack/rebalance/rebalance';
import type { PlannedFleet } from '../project/plan-fleet';
import { wrongCommandLine } from './failure';
import { findFleet, lockBeside } from './find-fleet';
import type { Session } from './session';

/** Options of the verbs that plan. */
export interface PlanningOptions extends MoveLimitOptions {
  /** false: --no-lockfile */
  readonly lockfile?: string | boolean;
  readonly frozen?: boolean;
  readonly update?: readonly string[];
  readonly repack?: boolean;
  readonly objective?: Objective;
  readonly effort?: Effort;
}

/** How far models may move for a lower cost. */
export interface MoveLimitOptions {
  readonly maxMoves?: string;
  readonly maxMoveBytes?: string;
}

export const fleetArgument = ['[fleet]', 'fleet file (default: fleet.ts, .yaml, .yml or .json here)'] as const;

export function addLockfileOptions(command: Command): Command {
  return command
    .option('--lockfile <path>', 'lockfile to read (default: stowage.lock beside the fleet)')
    .option('--no-lockfile', 'plan from nothing, without the lockfile');
}

export function addMoveLimits(command: Command): Command {
  return command
    .option('--max-moves <count>', 'move locked models where that saves most, at most so many copies')
    .option('--max-move-bytes <size>', 'the same, at most so many bytes to fetch, such as 50Gi');
}

/** Null where no limit is given. @throws StowageError STW5002 */
export function limitsOf({ maxMoves, maxMoveBytes }: MoveLimitOptions): MoveLimits | null {
  if (maxMoves === undefined && maxMoveBytes === undefined) return null;
  if (maxMoves !== undefined && !/^\d{1,9}$/.test(maxMoves))
    wrongCommandLine(`--max-moves "${maxMoves}" is not a whole number`);
  const { parseBytes } = require('../declare/quantities') as typeof import('../declare/quantities');
  const size = maxMoveBytes === undefined ? null : parseBytes(maxMoveBytes);
  if (size !== null && !size.ok) wrongCommandLine(`--max-move-bytes "${maxMoveBytes}" is not a size`);
  return {
    ...(maxMoves === undefined ? {} : { moves: Number(maxMoves) }),
    ...(size === null ? {} : { moveBytes: size.value }),
  };
}

export function addMoveOptions(command: Command): Command {
  return addMoveLimits(command)
    .addOption(
      new Option(
        '--update <keys>',
        'let these locked models move: tenant/name@version, commas between; repeatable',
      ).argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        ...text.split(',').filter((key) => key !== ''),
      ]),
    )
    .option('--repack', 'place every model anew, as if nothing ran yet')
    .addOption(
      new Option(
        '--objective <first>',
        'spread: at the same cost, new models are evened out over pods, so that the loss of one takes few down',
      )
        .choices(['cost', 'spread'])
        .default('cost'),
    )
    .addOption(
      new Option('--effort <how-long>', 'max: look longer for a cheaper packing, some ten times as long')
        .choices(['default', 'max'])
        .default('default'),
    );
}

export function addFrozenOption(command: Command): Command {
  return command
    .option('--frozen', 'fail where the lockfile is not current (default where CI is set and there is a lockfile)')
    .option('--no-frozen', 'plan past a lockfile that is not current');
}

export interface Opened {
  readonly file: string;
  readonly fleet: Fleet;
}

/** @throws StowageError STW1xxx, STW5001 */
export function openFleet(given: string | undefined, session: Session): Opened {
  const file = findFleet(given);
  const { loadFleet } = require('../declare/load-fleet') as typeof import('../declare/load-fleet');
  return { file, fleet: loadFleet(file, { onEvent: session.progress.onEvent }) };
}

/** Loads and plans as the options say. @throws StowageError */
export function planOf(given: string | undefined, options: PlanningOptions, session: Session): PlannedFleet & Opened {
  const repack = options.repack === true;
  const update = options.update ?? [];
  if (options.frozen === true && (repack || update.length > 0))
    wrongCommandLine('--frozen moves nothing: it does not go with --repack or --update');
  if (repack && update.length > 0) wrongCommandLine('--repack moves everything: it does not go with --update');
  const limits = limitsOf(options);
  if (limits !== null && (repack || options.frozen === true))
    wrongCommandLine('--max-moves and --max-move-bytes bound moves: they do not go with --repack or --frozen');
  const opened = openFleet(given, session);
  const { planFleet } = require('../project/plan-fleet') as typeof import('../project/plan-fleet');
  const lockfile = lockfileOf(opened.file, options);
  const inCi = lockfile !== null && !repack && limits === null && update.length === 0 && isCi() && existsSync(lockfile);
  const planned = planFleet(opened.fleet, {
    lockfile,
    mode: repack ? 'repack' : 'stable',
    update,
    ...(options.objective === undefined ? {} : { objective: options.objective }),
    ...(options.effort === undefined ? {} : { effort: options.effort }),
    ...(limits === null ? {} : { limits }),
    frozen: options.frozen ?? inCi,
    onEvent: session.progress.onEvent,
  });
  return { ...planned, file: opened.file };
}

export function lockfileOf(fleetFile: string, options: PlanningOptions): string | null {
  if (options.lockfile === false) return null;
  return typeof options.lockfile === 'string' ? options.lockfile : lockBeside(fleetFile);
}

function isCi(): boolean {
  const { CI } = process.env;
  return CI !== undefined && CI !== '' && CI !== '0' && CI.toLowerCase() !== 'false';
}

/** A remark where the plan would come out otherwise next time. */
export function noteLock(planned: PlannedFleet, session: Session): void {
  if (planned.lockState === 'stale') session.note('The lockfile is not current: `stowage lock` writes it.');
  if (planned.lockState === 'absent')
    session.note('No lockfile yet: `stowage lock` writes it, so that later plans move nothing.');
}
