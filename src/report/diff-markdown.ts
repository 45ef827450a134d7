import type { PlanDiff } from '../plan/plan-diff';
import { copiesText, resizeText } from './change-text';
import { diffSentence, restartSentence, shardChangeText, shownTotals } from './diff-facts';
import {
  boundedMarkdown,
  details,
  diffBlock,
  escapeMarkdown,
  type MarkdownSection,
  markdownTable,
  marker,
} from './markdown';
import { statusText } from './plan-facts';
import { moveList } from './plan-markdown';
import { budgetLabel, count, delta, quantity } from './units';

/** The diff as a comment of a pull request: hidden marker, one sentence, table, moves, folded details, 60,000 bytes. */
export function diffMarkdown(diff: PlanDiff): string {
  const sections: MarkdownSection[] = [
    { text: marker('diff', diff.fleet.name, diff) },
    { text: `**${escapeMarkdown(diff.fleet.name)}: ${diffSentence(diff, '→')}**` },
  ];
  if (diff.changed) {
    sections.push({ text: restartSentence(diff) }, { text: totals(diff).join('\n') });
    if (diff.budgets.length > 0) sections.push({ text: budgets(diff).join('\n') });
    if (diff.models.moved.length > 0)
      sections.push({ text: moveList(diff.models.moved).join('\n'), drop: 1, name: 'moves' });
    sections.push(...folded(diff));
  }
  sections.push({ text: '<sub>Updated when the code changes.</sub>' });
  return boundedMarkdown(sections);
}

function totals(diff: PlanDiff): string[] {
  return markdownTable(
    ['', 'before', 'after', 'change'],
    shownTotals(diff).map(({ total, unit, before, after }) => [
      escapeMarkdown(budgetLabel(total)),
      quantity(before, unit),
      quantity(after, unit),
      before === after ? '' : `**${delta(after - before, unit)}**`,
    ]),
  );
}

function budgets(diff: PlanDiff): string[] {
  return markdownTable(
    ['budget', 'before', 'after', 'limit', 'headroom', 'status'],
    diff.budgets.map((budget) => [
      escapeMarkdown(budgetLabel(budget.budget)),
      budget.before === null ? '' : quantity(budget.before, budget.unit),
      quantity(budget.after, budget.unit),
      quantity(budget.limit, budget.unit),
      quantity(budget.headroom, budget.unit),
      budget.status === 'ok' ? 'ok' : `**${statusText(budget)}**`,
    ]),
  );
}

function folded(diff: PlanDiff): MarkdownSection[] {
  const shards = [
    ...diff.shards.added.map((id) => `+ ${id}`),
    ...diff.shards.removed.map((id) => `- ${id}`),
    ...diff.shards.changed.map((change) => `! ${change.shard}  ${shardChangeText(change)}`),
  ];
  const models = [
    ...diff.models.added.map((key) => `+ ${key}`),
    ...diff.models.removed.map((key) => `- ${key}`),
    ...diff.models.copies.map((change) => `! ${change.model}  ${copiesText(change)}`),
    ...diff.models.resized.map((resize) => `! ${resize.model}  ${resizeText(resize)}`),
  ];
  const block = (title: string, lines: string[], drop: number, name: string): MarkdownSection[] =>
    lines.length === 0 ? [] : [{ text: details(`${title}: ${count(lines.length)}`, diffBlock(lines)), drop, name }];
  return [
    ...block('Shards added, removed or changed', shards, 2, 'shards'),
    ...block('Changes of models', models, 3, 'the list of models'),
  ];
}
