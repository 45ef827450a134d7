import { brokenBudgets } from '../../../plan/make-plan';
import { shownPath } from '../../../project/lock-io';
import { saveLock } from '../../../project/plan-fleet';
import { changeSentence } from '../../../report/plan-facts';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { wrongCommandLine } from '../../failure';
import { refuseOverBudget } from '../../over-budget';
import { planOf } from '../../planning';
import type { Session } from '../../session';
import type { LockOptions } from './command';

/** Writes the lockfile, unless that would break a hard budget. */
export function lock(given: string | undefined, options: LockOptions, session: Session): ExitCode {
  const check = options.check === true;
  if (check && (options.repack === true || options.update !== undefined))
    wrongCommandLine('--check writes nothing: it does not go with --repack or --update');
  const planned = planOf(given, { ...options, frozen: check }, session);
  session.progress.end();
  const broken = brokenBudgets(planned.plan);
  if (broken.length > 0) return refuseOverBudget(broken, 'The lockfile was not written.', session);
  session.warn(planned.plan.warnings);
  const file = planned.lockfile === null ? '' : shownPath(planned.lockfile);
  if (check || !saveLock(planned)) session.note(`${file} is current.`);
  else session.note(`Wrote ${file}. ${changeSentence(planned.plan.changes)}`);
  return exitCodes.ok;
}
