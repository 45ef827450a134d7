import { extname } from 'node:path';
import { brokenBudgets } from '../../../plan/make-plan';
import { shownPath } from '../../../project/lock-io';
import { type RepackedFleet, repackFleet, saveRepack } from '../../../project/repack-fleet';
import { changeSentence } from '../../../report/plan-facts';
import { repackMarkdown, repackText } from '../../../report/repack-report';
import { repackSvg } from '../../../report/repack-svg';
import type { TextOptions } from '../../../report/style';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { lockBeside } from '../../find-fleet';
import { deliver, json } from '../../output';
import { refuseOverBudget } from '../../over-budget';
import { limitsOf, openFleet } from '../../planning';
import type { Session } from '../../session';
import type { RepackOptions } from './command';
import { economicsOf } from './economics';

type Format = NonNullable<RepackOptions['format']>;

const byEnding: Readonly<Record<string, Format>> = { '.json': 'json', '.md': 'markdown', '.svg': 'svg' };

export function repack(given: string | undefined, options: RepackOptions, session: Session): ExitCode {
  const economics = economicsOf(options.moveCost, options.horizon);
  const limits = limitsOf(options) ?? {};
  const { file, fleet } = openFleet(given, session);
  const format = options.format ?? byEnding[extname(options.out ?? '').toLowerCase()] ?? 'text';
  const repacked = repackFleet(fleet, {
    lockfile: options.lockfile ?? lockBeside(file),
    limits,
    economics,
    fromNothing: options.curve === true || format === 'svg',
    onEvent: session.progress.onEvent,
  });
  session.progress.end();
  const color = options.out === undefined && session.out.color;
  deliver(report(repacked, options, format, { ...session.out, color, verbose: options.details === true }), options.out);
  const broken = brokenBudgets(repacked.plan);
  const shown = shownPath(repacked.lockfile);
  if (broken.length > 0)
    return refuseOverBudget(broken, options.write === true ? 'The lockfile was not written.' : '', session);
  if (options.write !== true) {
    if (repacked.changed) session.note('`--write` writes the lockfile so.');
  } else if (saveRepack(repacked)) session.note(`Wrote ${shown}. ${changeSentence(repacked.plan.changes)}`);
  else session.note(`${shown} is current.`);
  return exitCodes.ok;
}

function report(repacked: RepackedFleet, options: RepackOptions, format: Format, drawing: TextOptions): string {
  const { curve, plan, transition } = repacked;
  if (format === 'json') return json({ ...curve, changes: plan.changes, transition });
  if (format === 'svg') return repackSvg(curve);
  const view = { curve, plan, transition, whole: options.curve === true };
  return format === 'markdown' ? repackMarkdown(view) : repackText(view, drawing);
}
