import { type CapacityVector, type Dimension, dimensions } from '../declare/capacity';
import type { Explanation } from '../plan/explanation';
import { code, escapeMarkdown, markdownTable } from './markdown';
import { type Drawing, section, sentences } from './plan-text';
import { plain, styleOf, type TextOptions } from './style';
import { table } from './table';
import { bytes, cores, count, percent, plural, shareMicro } from './units';

const names: Readonly<Record<Dimension, string>> = {
  acceleratorMemoryBytes: 'GPU memory',
  microDuty: 'GPU time',
  memoryBytes: 'memory',
  cpuMillis: 'CPU',
  diskBytes: 'disk',
  models: 'models',
};

function amount(dimension: Dimension, value: number): string {
  if (dimension === 'microDuty') return percent(value);
  if (dimension === 'cpuMillis') return cores(value);
  if (dimension === 'models') return value === Number.MAX_SAFE_INTEGER ? 'no limit' : count(value);
  return bytes(value);
}

/** Rows of the dimensions in which the pod has something or the model takes something. */
function capacityRows(explanation: Explanation): string[][] {
  const { takes, used, capacity } = explanation;
  const matters = (dimension: Dimension) => [takes, used, capacity].some((v: CapacityVector) => v[dimension] !== 0);
  return dimensions.filter(matters).map((dimension) => {
    const limit = capacity[dimension];
    const share = limit <= 0 || limit === Number.MAX_SAFE_INTEGER ? '' : percent(shareMicro(used[dimension], limit));
    const cells = [takes, used, capacity].map((vector) => amount(dimension, vector[dimension]));
    return [names[dimension], ...cells, share];
  });
}

function facts(explanation: Explanation): readonly (readonly [string, string])[] {
  const runtime = explanation.base === null ? explanation.runtime : `${explanation.runtime} on ${explanation.base}`;
  const isolation =
    explanation.isolation === 'shared' ? 'shared' : `${explanation.isolation}, group ${explanation.group}`;
  return [
    ['shard', explanation.shard],
    ['pool', explanation.pool],
    ['copies', `${count(explanation.replicas)} (asked: at least ${count(explanation.replicasAsked)})`],
    ['runtime', runtime],
    ['tenant', `${explanation.tenant} (${isolation})`],
  ];
}

function sharing(explanation: Explanation): string[] {
  const { models, tenants, first } = explanation.sharesWith;
  if (models === 0) return ['It shares its pods with no other model.'];
  const by = tenants.map(({ tenant, models: number }) => `${tenant} ${count(number)}`).join(', ');
  const rest = models - first.length;
  return [
    `It shares its pods with ${plural(models, 'other model')}, by tenant: ${by}.`,
    `${first.join(', ')}${rest > 0 ? ` and ${count(rest)} more` : ''}`,
  ];
}

const capacityTitles = ['', 'this model', 'all models', 'a pod has', 'full'];

/** Where a model is, why there, with whom it shares. Ends with a line feed. */
export function explanationText(explanation: Explanation, options: TextOptions): string {
  const style = styleOf(options);
  const drawing: Drawing = { ...options, style };
  const lines = [
    style.bold(plain(explanation.model)),
    ...facts(explanation).map(([what, value]) => `  ${style.dim(what.padEnd(8))} ${plain(value)}`),
    ...section('Why there', sentences(explanation.why, options), style),
    ...section(
      'Room of each pod',
      table(
        capacityTitles.map((title, i) => ({ title, align: i === 0 ? ('left' as const) : ('right' as const) })),
        capacityRows(explanation),
        drawing,
      ),
      style,
    ),
    ...section('Shares with', sentences(sharing(explanation), options), style),
  ];
  return `${lines.join('\n')}\n`;
}

export function explanationMarkdown(explanation: Explanation): string {
  return [
    `### ${code(explanation.model)}`,
    '',
    ...facts(explanation).map(([what, value]) => `- **${what}**: ${escapeMarkdown(value)}`),
    '',
    '**Why there**',
    '',
    ...explanation.why.map((why) => `- ${escapeMarkdown(why)}`),
    '',
    ...markdownTable(capacityTitles, capacityRows(explanation)),
    '',
    ...sharing(explanation).map(escapeMarkdown),
    '',
  ].join('\n');
}
