import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { loadFleet } from '../../../declare/load-fleet';
import { StowageError } from '../../../errors/stowage-error';
import type { Plan } from '../../../plan/plan';
import { planFleet } from '../../../project/plan-fleet';
import { fleetIn } from '../../find-fleet';
import { checkOut } from '../../git';
import { lockfileOf, type Opened, type PlanningOptions } from '../../planning';
import type { Session } from '../../session';
import { emptyPlan } from './empty-plan';

/** The plan of the same fleet as its files and its lockfile are at a git ref. @throws StowageError STW5005, STW1xxx */
export function planAt(
  ref: string,
  after: Opened & { readonly plan: Plan },
  options: PlanningOptions,
  session: Session,
): Plan {
  const file = realpathSync(resolve(after.file));
  const copy = checkOut(ref, dirname(file));
  const lockfile = lockfileOf(file, options);
  try {
    const there = copy.inside(file);
    const before = existsSync(there) ? there : fleetIn(dirname(there));
    if (before === null) {
      session.note(`There is no fleet at ${ref}: everything is new.`);
      return emptyPlan(after.plan);
    }
    const fleet = loadFleet(before, { onEvent: session.progress.onEvent });
    const lock = lockfile === null ? null : copy.inside(resolve(lockfile));
    return planFleet(fleet, { lockfile: lock, onEvent: session.progress.onEvent }).plan;
  } catch (error) {
    throw named(error, copy.root, ref);
  } finally {
    copy.remove();
  }
}

/** Findings in the copy name the ref, not a temporary directory. */
function named(error: unknown, root: string, ref: string): unknown {
  if (!StowageError.is(error)) return error;
  const rename = (text: string) => text.replaceAll(`${root}/`, `${ref}:`);
  return new StowageError(
    error.diagnostics.map((finding) => ({
      ...finding,
      message: rename(finding.message),
      location:
        finding.location?.file === undefined
          ? finding.location
          : { ...finding.location, file: rename(finding.location.file) },
    })),
    { cause: error },
  );
}
