import { existsSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../../../project/atomic-file';
import type { PlannedFleet } from '../../../project/plan-fleet';
import { lockfileOf, type Opened, planOf } from '../../planning';
import type { Session } from '../../session';
import type { LocalVerbOptions } from './command';

export type OpenedPlan = PlannedFleet & Opened;

/** The first plan of a run. @throws StowageError */
export function firstPlan(given: string | undefined, options: LocalVerbOptions, session: Session): OpenedPlan {
  return planned(given, options, session);
}

/**
 * A later one, from the fleet as it is now. Without a lockfile of the user's, the last plan of this run stands for it, so
 * that nothing moves that need not. @throws StowageError
 */
export function nextPlan(
  given: string | undefined,
  options: LocalVerbOptions,
  before: OpenedPlan,
  directory: string,
  session: Session,
): OpenedPlan {
  forgetModules(dirname(resolve(before.file)));
  const users = lockfileOf(before.file, options);
  if (users !== null && existsSync(users)) return planned(given, options, session);
  const own = join(directory, 'stowage.lock');
  writeFileAtomic(own, before.lockText);
  return planned(given, { ...options, lockfile: own }, session);
}

function planned(given: string | undefined, options: LocalVerbOptions, session: Session): OpenedPlan {
  const plan = planOf(given, { ...options, frozen: false }, session);
  session.progress.end();
  return plan;
}

/** The files that a plan comes from. */
export function filesOf({ file, lockfile, fleet }: OpenedPlan): readonly string[] {
  const catalogues = fleet.models.map(({ source }) => source.file).filter((path) => path !== undefined);
  return [...new Set([file, ...catalogues, ...(lockfile === null ? [] : [lockfile])].map((path) => resolve(path)))];
}

/** A fleet module and what it imports of its own are read anew. */
function forgetModules(directory: string): void {
  for (const path of Object.keys(require.cache))
    if (path.startsWith(directory + sep) && !path.includes(`${sep}node_modules${sep}`)) delete require.cache[path];
}
