import { extname } from 'node:path';
import type { Conflict } from '../../../plan/conflict/conflict';
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
  const over = brokenBudgets(planned.plan).length > 0;
  const conflict = over && format !== 'html' && format !== 'svg' ? conflictOf(planned, session) : null;
  deliver(report(planned, conflict, format, drawing), options.out);
  noteLock(planned, session);
  if (over) return exitCodes.overBudget;
  return options.detailedExitcode === true && hasChanges(planned.plan.changes) ? exitCodes.changed : exitCodes.ok;
}

function conflictOf(planned: PlannedFleet, session: Session): Conflict | null {
  session.progress.onEvent({ type: 'phase-start', phase: 'conflict' });
  const conflict = planned.conflict();
  session.progress.end();
  return conflict;
}

function report(planned: PlannedFleet, conflict: Conflict | null, format: Format, drawing: TextOptions): string {
  const { conflictMarkdown, conflictText } =
    require('../../../report/conflict-report') as typeof import('../../../report/conflict-report');
  const { plan: made } = planned;
  switch (format) {
    case 'json':
      return json(conflict === null ? made : { ...made, conflict });
    case 'markdown': {
      const { planMarkdown } =
        require('../../../report/plan-markdown') as typeof import('../../../report/plan-markdown');
      return conflict === null ? planMarkdown(made) : `${planMarkdown(made)}\n${conflictMarkdown(conflict)}`;
    }
    case 'html':
      return (require('../../../report/plan-html') as typeof import('../../../report/plan-html')).planHtml(made);
    case 'svg':
      return (require('../../../report/plan-svg') as typeof import('../../../report/plan-svg')).planSvg(made);
    default: {
      const { planText } = require('../../../report/plan-text') as typeof import('../../../report/plan-text');
      return planText(made, drawing) + movesText(planned) + (conflict === null ? '' : conflictText(conflict, drawing));
    }
  }
}

/** How models that move get there; nothing where none does. */
function movesText({ fleet, plan: made, prior }: PlannedFleet): string {
  if (prior === null || made.changes.moved.length === 0) return '';
  const { transitionOf } = require('../../../plan/transition') as typeof import('../../../plan/transition');
  const { transitionSentence } =
    require('../../../report/repack-facts') as typeof import('../../../report/repack-facts');
  return `\nTransition: ${transitionSentence(transitionOf(fleet, prior, made))}\n`;
}
