import type { Fleet } from '../../../declare/fleet';
import { diagnostic, StowageError } from '../../../errors/stowage-error';
import type { LockedPlacement } from '../../../pack/packing';
import type { Plan } from '../../../plan/plan';
import { readLock } from '../../../project/lock-io';
import { verificationText } from '../../../report/verification-text';
import type { Verification } from '../../../verify/verification';
import { verifyPlan } from '../../../verify/verify';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { looksLikeFleet } from '../../find-fleet';
import { json, print } from '../../output';
import { lockfileOf, openFleet, planOf } from '../../planning';
import { readTextFile } from '../../read-file';
import type { Session } from '../../session';
import type { VerifyOptions } from './command';

export function verify(
  first: string | undefined,
  second: string | undefined,
  options: VerifyOptions,
  session: Session,
): ExitCode {
  const lone = first !== undefined && second === undefined && looksLikeFleet(first);
  const file = lone ? undefined : first;
  const { fleet, plan, prior } =
    file === undefined ? madeNow(lone ? first : second, options, session) : saved(file, second, options, session);
  session.progress.onEvent({ type: 'phase-start', phase: 'verify' });
  const verification = withTransition(fleet, plan, prior, verifyPlan(fleet, plan, prior ?? undefined));
  session.progress.end();
  print(options.format === 'json' ? json(verification) : verificationText(verification, session.out));
  return verification.ok ? exitCodes.ok : exitCodes.error;
}

/** The way from the lockfile to a sound plan, made and then checked by code that shares nothing with what made it. */
function withTransition(
  fleet: Fleet,
  plan: unknown,
  prior: LockedPlacement | null,
  verification: Verification,
): Verification {
  if (prior === null || !verification.ok) return verification;
  const { moved, copies, resized, shardsRemoved } = (plan as Plan).changes;
  // Where models only come and go, none is taken away from anywhere.
  if ([moved, copies, resized, shardsRemoved].every((list) => list.length === 0)) return verification;
  const { transitionOf } = require('../../../plan/transition') as typeof import('../../../plan/transition');
  const { verifyTransition } =
    require('../../../verify/check-transition') as typeof import('../../../verify/check-transition');
  const proof = verifyTransition(fleet, prior, plan, transitionOf(fleet, prior, plan as Plan));
  return { ...verification, ok: proof.ok, findings: [...verification.findings, ...proof.findings] };
}

interface ToVerify {
  readonly fleet: Fleet;
  readonly plan: unknown;
  readonly prior: LockedPlacement | null;
}

function madeNow(given: string | undefined, options: VerifyOptions, session: Session): ToVerify {
  return planOf(given, { ...options, frozen: false }, session);
}

function saved(file: string, given: string | undefined, options: VerifyOptions, session: Session): ToVerify {
  const text = readTextFile(file);
  let plan: unknown;
  try {
    plan = JSON.parse(text);
  } catch (error) {
    const message = `not JSON: ${(error as Error).message}`;
    throw new StowageError([diagnostic('STW1003', message, { location: { file } })], { cause: error });
  }
  const opened = openFleet(given, session);
  const lockfile = lockfileOf(opened.file, options);
  const prior = lockfile === null ? null : (readLock(lockfile)?.placement ?? null);
  return { fleet: opened.fleet, plan, prior };
}
