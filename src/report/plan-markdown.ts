import type { Plan } from '../plan/plan';
import { copiesText, resizeText } from './change-text';
import {
  boundedMarkdown,
  code,
  details,
  diffBlock,
  escapeMarkdown,
  type MarkdownSection,
  markdownTable,
  marker,
} from './markdown';
import { classesLeftOut, curveRows, curveTitles, onDemandRows, onDemandTitles } from './on-demand-facts';
import {
  boundSentences,
  changeSentence,
  comparison,
  countModels,
  fills,
  headline,
  limitSentences,
  reasonText,
  saving,
  statusText,
} from './plan-facts';
import { fillOf } from './plan-text';
import { budgetLabel, count, percent, perHour, plural, quantity } from './units';

/** The plan as a comment of a pull request: at most 60,000 bytes, details folded, whole sections dropped if need be. */
export function planMarkdown(plan: Plan): string {
  const broken = plan.budgets.filter((budget) => budget.status === 'broken');
  const verdict =
    broken.length === 0
      ? ''
      : ` Over budget: ${broken
          .map((budget) => budgetLabel(budget.budget))
          .map(escapeMarkdown)
          .join(', ')}.`;
  const sections: MarkdownSection[] = [
    { text: marker('plan', plan.fleet.name, plan) },
    { text: `**${escapeMarkdown(plan.fleet.name)}: ${headline(plan)}.${verdict}** ${changeSentence(plan.changes)}` },
    { text: budgetTable(plan).join('\n') },
    ...moves(plan),
    { text: details('Against one server a model', baseline(plan), true), drop: 1, name: 'the comparison' },
    { text: details('Pools and bound', pools(plan), true), drop: 2, name: 'pools' },
    ...onDemand(plan),
    ...modelLists(plan),
    ...warnings(plan),
    { text: details(plural(plan.shards.length, 'shard'), shards(plan), false), drop: 6, name: 'shards' },
  ];
  return boundedMarkdown(sections);
}

function budgetTable(plan: Plan): string[] {
  if (plan.budgets.length === 0) return ['The fleet declares no budget.'];
  return markdownTable(
    ['budget', 'used', 'limit', 'headroom', 'status'],
    plan.budgets.map((budget) => [
      escapeMarkdown(budgetLabel(budget.budget)),
      quantity(budget.used, budget.unit),
      quantity(budget.limit, budget.unit),
      quantity(budget.headroom, budget.unit),
      budget.status === 'ok' ? 'ok' : `**${statusText(budget)}**`,
    ]),
  );
}

function moves(plan: Plan): MarkdownSection[] {
  const { moved } = plan.changes;
  if (moved.length === 0) return [];
  return [{ text: moveList(moved).join('\n'), drop: 3, name: 'moves' }];
}

export function moveList(moved: Plan['changes']['moved']): string[] {
  const models = countModels(moved);
  const shown = moved.slice(0, 50);
  const rest = moved.length - shown.length;
  return [
    `**Moves** (${models === moved.length ? '' : `${plural(moved.length, 'copy', 'copies')} of `}${plural(models, 'model')})`,
    '',
    ...shown.map((move) => `- ${code(move.model)}: ${code(move.from)} → ${code(move.to)}, ${reasonText(move.reason)}`),
    ...(rest > 0 ? [`- and ${count(rest)} more`] : []),
  ];
}

function baseline(plan: Plan): string[] {
  const hit = limitSentences(plan);
  return [
    ...markdownTable(
      ['', 'this plan', 'one server a model', ''],
      comparison(plan).map((row) => [
        escapeMarkdown(row.what),
        quantity(row.ours, row.unit),
        quantity(row.single, row.unit),
        saving(row),
      ]),
    ),
    ...(hit.length === 0
      ? []
      : ['', 'One server a model would go over:', '', ...hit.map((text) => `- ${escapeMarkdown(text)}`)]),
  ];
}

function pools(plan: Plan): string[] {
  return [
    ...markdownTable(
      ['pool', 'accelerator', 'shards', 'pods', 'nodes', 'cost', 'fullest'],
      plan.pools.map((pool) => {
        const [most] = fills(pool);
        return [
          escapeMarkdown(pool.pool),
          escapeMarkdown(pool.accelerator ?? 'none'),
          count(pool.shards),
          count(pool.pods),
          count(pool.nodes),
          perHour(pool.costMicrosPerHour),
          most === undefined ? '' : `${most.what} ${percent(most.micro)}`,
        ];
      }),
    ),
    '',
    ...boundSentences(plan).map((text) => `- ${text}`),
  ];
}

function onDemand(plan: Plan): MarkdownSection[] {
  const rows = onDemandRows(plan, false);
  if (rows.length === 0) return [];
  const named = (row: readonly string[]) => row.map((cell, i) => (i === 0 ? escapeMarkdown(cell) : cell));
  const more = classesLeftOut(plan, false);
  const lines = [
    ...markdownTable(onDemandTitles, rows.map(named)),
    '',
    ...markdownTable(curveTitles, curveRows(plan, false).map(named)),
    ...(more === null ? [] : ['', more]),
  ];
  return [{ text: details('On-demand models', lines, true), drop: 2, name: 'on-demand models' }];
}

function modelLists(plan: Plan): MarkdownSection[] {
  const { added, removed, copies, resized, against } = plan.changes;
  if (against === 'nothing') return [];
  const lines = [
    ...added.map((key) => `+ ${key}`),
    ...removed.map((key) => `- ${key}`),
    ...copies.map((change) => `! ${change.model}  ${copiesText(change)}`),
    ...resized.map((resize) => `! ${resize.model}  ${resizeText(resize)}`),
  ];
  if (lines.length === 0) return [];
  const text = details('Changes of models', diffBlock(lines), lines.length < 10);
  return [{ text, drop: 5, name: 'the list of models' }];
}

function warnings(plan: Plan): MarkdownSection[] {
  if (plan.warnings.length === 0) return [];
  const lines = plan.warnings.slice(0, 50).map(({ code: name, message }) => `- ${name}: ${escapeMarkdown(message)}`);
  return [{ text: details(plural(plan.warnings.length, 'warning'), lines), drop: 4, name: 'warnings' }];
}

function shards(plan: Plan): string[] {
  const shown = plan.shards.slice(0, 300);
  const rest = plan.shards.length - shown.length;
  return [
    ...markdownTable(
      ['shard', 'pool', 'runtime', 'pods', 'models', 'GPU memory', 'memory'],
      shown.map((shard) => [
        code(shard.id),
        escapeMarkdown(shard.pool),
        escapeMarkdown(shard.runtime),
        count(shard.replicas),
        count(shard.models.length),
        fillOf(shard, 'acceleratorMemoryBytes'),
        fillOf(shard, 'memoryBytes'),
      ]),
    ),
    ...(rest > 0 ? ['', `and ${count(rest)} more`] : []),
  ];
}
