import { dirname } from 'node:path';
import type { Fleet } from '../../../declare/fleet';
import { StowageError } from '../../../errors/stowage-error';
import type { LockedPlacement } from '../../../pack/packing';
import { mergeLocks } from '../../../plan/lock-merge';
import { formatLockfile, parseLockfile } from '../../../plan/lockfile';
import { count, plural } from '../../../report/units';
import { fleetIn, lockName } from '../../find-fleet';
import { writeFile } from '../../output';
import { readTextFile } from '../../read-file';
import type { Session } from '../../session';
import { lockedUsage } from './locked-usage';

export interface MergeFiles {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  readonly path: string | undefined;
}

/** Merges by model and writes the result to `ours`. @throws StowageError STW1xxx, STW31xx: git then keeps the conflict */
export function mergeFiles({ base, ours, theirs, path = lockName }: MergeFiles, session: Session): void {
  const read = (file: string, side: string): LockedPlacement => {
    const text = readTextFile(file);
    // Git hands over an empty file where a side has none.
    return text.trim() === '' ? { shards: [], models: [] } : parseLockfile(text, `${path} (${side})`);
  };
  const { merged, notes } = mergeLocks(read(base, 'base'), read(ours, 'ours'), read(theirs, 'theirs'));
  writeFile(ours, formatLockfile(merged));
  for (const note of notes) session.note(`stowage: ${note}`);
  session.note(`stowage: merged ${path}: ${plural(merged.models.length, 'model')}`);
  checkBudgets(merged, path, session);
}

/**
 * Git calls a driver before the other files are merged, so only what the lockfile itself says can be counted now;
 * `stowage plan` after the merge checks everything.
 */
function checkBudgets(merged: LockedPlacement, path: string, session: Session): void {
  const fleet = quietlyLoad(dirname(path));
  const over = fleet === null ? [] : lockedUsage(fleet, merged).filter(({ used, limit }) => used > limit);
  for (const { what, used, limit } of over)
    session.note(`stowage: over budget after the merge: ${what} ${count(used)} of ${count(limit)}`);
  session.note('stowage: run `stowage plan` once the merge is done: it checks every budget again.');
}

/** Mid-merge the fleet may not load: that is for the plan afterwards to tell. */
function quietlyLoad(directory: string): Fleet | null {
  const file = fleetIn(directory);
  if (file === null) return null;
  try {
    const { loadFleet } = require('../../../declare/load-fleet') as typeof import('../../../declare/load-fleet');
    return loadFleet(file);
  } catch (error) {
    if (StowageError.is(error)) return null;
    throw error;
  }
}
