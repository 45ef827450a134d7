import type { Plan } from '../plan/plan';
import type { RepackCurve } from '../plan/repack-curve';
import type { Transition } from '../plan/transition';
import { escapeMarkdown, markdownTable } from './markdown';
import { changeSentence } from './plan-facts';
import { adviceSentence, curveRows, curveTitles, sparkline, transitionSentence } from './repack-facts';
import { plain, styleOf, type TextOptions, wrap } from './style';
import { table } from './table';
import { perHour, plural } from './units';

export interface RepackView {
  readonly curve: RepackCurve;
  readonly plan: Plan;
  readonly transition: Transition;
  /** The table of the curve, too. */
  readonly whole: boolean;
}

/** What moves would save, for a terminal. Ends with a line feed. */
export function repackText(view: RepackView, options: TextOptions): string {
  const { curve } = view;
  const style = styleOf(options);
  const lines = [style.bold(plain(curve.fleet.name))];
  if (view.whole) {
    lines.push('', style.bold('Cost against moves'), `  ${sparkline(curve, Math.max(10, options.width - 4))}`);
    const optional: Readonly<Record<string, number>> = { 'pays back in': 3, 'saves a move': 4, pods: 2, 'to fetch': 1 };
    const columns = curveTitles.map((title) => ({
      title,
      align: 'right' as const,
      ...(optional[title] === undefined ? {} : { optional: optional[title] }),
    }));
    lines.push(
      ...table(columns, curveRows(curve, options.verbose === true ? Number.MAX_SAFE_INTEGER : 16), {
        ...options,
        style,
      }),
    );
    lines.push(
      '',
      ...wrap(
        '* taken below, $ the last step that pays, anew: everything placed from nothing',
        options.width - 2,
        '  ',
      ).map((line) => style.dim(`  ${line.trimStart()}`)),
      '',
    );
  }
  for (const sentence of sentences(view)) lines.push(...wrap(sentence, options.width));
  return `${lines.join('\n')}\n`;
}

/** The same as Markdown. */
export function repackMarkdown(view: RepackView): string {
  const { curve } = view;
  const lines = [
    `## ${escapeMarkdown(curve.fleet.name)}: cost against moves`,
    '',
    ...sentences(view).map((text) => `- ${escapeMarkdown(text)}`),
  ];
  if (view.whole)
    lines.push(
      '',
      `\`${sparkline(curve, 60)}\``,
      '',
      ...markdownTable(
        curveTitles,
        curveRows(curve, 40).map((row) => row.map(escapeMarkdown)),
      ),
    );
  return `${lines.join('\n')}\n`;
}

function sentences({ curve, plan, transition }: RepackView): readonly string[] {
  const { chosen, start } = curve;
  const point = chosen === 0 ? start : (curve.steps[chosen - 1]?.point ?? start);
  const saved = start.podCostMicrosPerHour - point.podCostMicrosPerHour;
  const taken =
    chosen === 0
      ? `No step taken: pods cost ${perHour(point.podCostMicrosPerHour)}.`
      : `${plural(chosen, 'step')}: pods cost ${perHour(point.podCostMicrosPerHour)} instead of ${perHour(start.podCostMicrosPerHour)}, ${perHour(saved)} less.`;
  return [adviceSentence(curve), taken, changeSentence(plan.changes), transitionSentence(transition)];
}
