import { statSync } from 'node:fs';
import { diffPlans } from '../../../plan/diff-plans';
import { brokenBudgets } from '../../../plan/make-plan';
import type { Plan } from '../../../plan/plan';
import type { PlanDiff } from '../../../plan/plan-diff';
import { readPlan } from '../../../plan/read-plan';
import type { TextOptions } from '../../../report/style';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { looksLikeFleet } from '../../find-fleet';
import { deliver, json } from '../../output';
import { planOf } from '../../planning';
import { readTextFile } from '../../read-file';
import type { Session } from '../../session';
import type { DiffOptions } from './command';
import { planAt } from './plan-at';

export function diff(
  first: string | undefined,
  second: string | undefined,
  options: DiffOptions,
  session: Session,
): ExitCode {
  // `stowage diff fleet.yaml`: a lone argument that is a fleet file is the fleet, against HEAD.
  const lone = first !== undefined && second === undefined && looksLikeFleet(first);
  const against = lone ? 'HEAD' : (first ?? 'HEAD');
  const after = planOf(lone ? first : second, { ...options, frozen: false }, session);
  const before = isFile(against) ? savedPlan(against) : planAt(against, after, options, session);
  const result = diffPlans(before, after.plan);
  session.progress.end();
  const color = options.out === undefined && session.out.color;
  deliver(report(result, options.format, { ...session.out, color, verbose: options.details === true }), options.out);
  if (brokenBudgets(after.plan).length > 0) return exitCodes.overBudget;
  return options.detailedExitcode === true && result.changed ? exitCodes.changed : exitCodes.ok;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function savedPlan(file: string): Plan {
  return readPlan(readTextFile(file), file);
}

function report(result: PlanDiff, format: DiffOptions['format'], drawing: TextOptions): string {
  if (format === 'json') return json(result);
  if (format === 'markdown')
    return (require('../../../report/diff-markdown') as typeof import('../../../report/diff-markdown')).diffMarkdown(
      result,
    );
  return (require('../../../report/diff-text') as typeof import('../../../report/diff-text')).diffText(result, drawing);
}
