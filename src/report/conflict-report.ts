import type { Conflict } from '../plan/conflict/conflict';
import {
  alsoSentence,
  budgetSentence,
  modelLines,
  relaxationNote,
  relaxationText,
  setSentence,
  verdictSentence,
} from './conflict-facts';
import { escapeMarkdown, markdownTable } from './markdown';
import { section, sentences } from './plan-text';
import { styleOf, type TextOptions } from './style';
import { count, perHour } from './units';

/** What conflicts, and what would help: below the plan's text. Begins with an empty line, ends with a line feed. */
export function conflictText(conflict: Conflict, options: TextOptions): string {
  const style = styleOf(options);
  const { lines, more } = modelLines(conflict);
  const also = alsoSentence(conflict);
  const points = [...lines, ...(more > 0 ? [`and ${count(more)} more groups (--format json)`] : [])];
  const conflicting = [
    ...sentences([verdictSentence(conflict), ...conflict.budgets.map(budgetSentence), setSentence(conflict)], options),
    ...sentences(points, { ...options, width: options.width - 2 }).map((line) => `  ${line}`),
    ...sentences(also === null ? [] : [also], options),
  ];
  const note = relaxationNote(conflict);
  const helping = conflict.relaxations.map(
    (relaxation) => `${perHour(relaxation.costMicrosPerHour)}  ${relaxationText(relaxation)}`,
  );
  return `${[
    ...section('Conflict', conflicting, style),
    ...section(
      'Each of these makes it fit (cost then)',
      sentences([...helping, ...(note === null ? [] : [note])], options),
      style,
    ),
  ].join('\n')}\n`;
}

/** The same, below the plan's Markdown. */
export function conflictMarkdown(conflict: Conflict): string {
  const { lines, more } = modelLines(conflict);
  const also = alsoSentence(conflict);
  const points = [...lines, ...(more > 0 ? [`and ${count(more)} more groups`] : [])];
  const note = relaxationNote(conflict);
  const helping = conflict.relaxations.map((relaxation) => [
    escapeMarkdown(relaxationText(relaxation)),
    perHour(relaxation.costMicrosPerHour),
  ]);
  return `${[
    `**${escapeMarkdown(verdictSentence(conflict))}**`,
    conflict.budgets.map((budget) => `- ${escapeMarkdown(budgetSentence(budget))}`).join('\n'),
    escapeMarkdown(setSentence(conflict)),
    ...(points.length === 0 ? [] : [points.map((point) => `- ${escapeMarkdown(point)}`).join('\n')]),
    ...(also === null ? [] : [escapeMarkdown(also)]),
    ...(helping.length === 0 ? [] : [markdownTable(['each of these makes it fit', 'cost then'], helping).join('\n')]),
    ...(note === null ? [] : [note]),
  ].join('\n\n')}\n`;
}
