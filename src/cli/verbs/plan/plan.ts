import { extname } from 'node:path';
import { brokenBudgets } from '../../../plan/make-plan';
import type { PlannedFleet } from '../../../project/plan-fleet';
import { hasChanges } from '../../../report/plan-facts';
import type { TextOptions } from '../../../report/style';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { deliver, json } from '../../output';
import { noteLock, planOf } from '../../planning';
import type { Session } from '../../session';
import type { PlanOptions } from './command';

type Format = NonNullable<PlanOptions['format']>;

const byEnding: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.md': 'markdown',
  '.html': 'html',
  '.svg': 'svg',
};

export function plan(given: string | undefined, options: PlanOptions, session: Session): ExitCode {
  const planned = planOf(given, options, session);
  session.progress.end();
  const format = options.format ?? byEnding[extname(options.out ?? '').toLowerCase()] ?? 'text';
  const color = options.out === undefined && session.out.color;
  const drawing = { ...session.out, color, verbose: options.details === true };
  deliver(report(planned, format, drawing), options.out);
  noteLock(planned, session);
  if (brokenBudgets(planned.plan).length > 0) return exitCodes.overBudget;
  return options.detailedExitcode === true && hasChanges(planned.plan.changes) ? exitCodes.changed : exitCodes.ok;
}

function report({ plan: made }: PlannedFleet, format: Format, drawing: TextOptions): string {
  switch (format) {
    case 'json':
      return json(made);
    case 'markdown':
      return (require('../../../report/plan-markdown') as typeof import('../../../report/plan-markdown')).planMarkdown(
        made,
      );
    case 'html':
      return (require('../../../report/plan-html') as typeof import('../../../report/plan-html')).planHtml(made);
    case 'svg':
      return (require('../../../report/plan-svg') as typeof import('../../../report/plan-svg')).planSvg(made);
    default:
      return (require('../../../report/plan-text') as typeof import('../../../report/plan-text')).planText(
        made,
        drawing,
      );
  }
}
