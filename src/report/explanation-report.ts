import { type CapacityVector, type Dimension, dimensions } from '../declare/capacity';
import type { ExplainedShard, Explanation } from '../plan/explanation';
import { code, escapeMarkdown, markdownTable } from './markdown';
import { type Drawing, section, sentences } from './plan-text';
import { plain, styleOf, type TextOptions } from './style';
import { type Column, table } from './table';
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

type Row = readonly string[];
/** Titles, then rows; the first column is text, the others are figures. */
interface Figures {
  readonly heading: string;
  readonly titles: Row;
  readonly rows: readonly Row[];
}

/** Of one shard what a pod has; of several what each takes of it, by pool, and how full each shard is. */
function figures(explanation: Explanation): readonly Figures[] {
  const { shards } = explanation;
  const [only] = shards;
  if (only !== undefined && shards.length === 1)
    return [
      {
        heading: 'Room of each pod',
        titles: ['', 'this model', 'all models', 'a pod has', 'full'],
        rows: capacityRows(only),
      },
    ];
  return [takenByPool(shards), shardFill(shards)];
}

/** Rows of the dimensions in which the pod has something or the model takes something. */
function capacityRows({ takes, used, capacity }: ExplainedShard): readonly Row[] {
  const matters = (dimension: Dimension) => [takes, used, capacity].some((v: CapacityVector) => v[dimension] !== 0);
  return dimensions.filter(matters).map((dimension) => {
    const cells = [takes, used, capacity].map((vector) => amount(dimension, vector[dimension]));
    return [names[dimension], ...cells, full({ used, capacity }, dimension)];
  });
}

function full({ used, capacity }: Pick<ExplainedShard, 'used' | 'capacity'>, dimension: Dimension): string {
  const limit = capacity[dimension];
  return limit <= 0 || limit === Number.MAX_SAFE_INTEGER ? '' : percent(shareMicro(used[dimension], limit));
}

function takenByPool(shards: readonly ExplainedShard[]): Figures {
  const pools = new Map(shards.map(({ pool, takes }) => [pool, takes]));
  const taken = dimensions.filter(
    (dimension) => dimension !== 'models' && [...pools.values()].some((v) => v[dimension]),
  );
  return {
    heading: 'Taken of each pod',
    titles: ['', ...[...pools.keys()].map((pool) => `on ${pool}`)],
    rows: taken.map((dimension) => [
      names[dimension],
      ...[...pools.values()].map((takes) => amount(dimension, takes[dimension])),
    ]),
  };
}

/** Rows; the JSON form has all. */
const mostShards = 40;

function shardFill(shards: readonly ExplainedShard[]): Figures {
  const shown = (['acceleratorMemoryBytes', 'microDuty', 'memoryBytes', 'cpuMillis'] as const).filter((dimension) =>
    shards.some(({ used }) => used[dimension] !== 0),
  );
  return {
    heading: 'Its shards, and how full they are',
    titles: ['shard', 'pool', 'pods', 'models', ...shown.map((dimension) => names[dimension])],
    rows: [
      ...shards
        .slice(0, mostShards)
        .map((shard) => [
          shard.shard,
          shard.pool,
          count(shard.replicas),
          count(shard.models),
          ...shown.map((dimension) => full(shard, dimension)),
        ]),
      ...(shards.length > mostShards ? [[`and ${count(shards.length - mostShards)} more`]] : []),
    ],
  };
}

function facts(explanation: Explanation): readonly (readonly [string, string])[] {
  const { shards, copies, copiesAsked } = explanation;
  const several = shards.length > 1;
  const pools = [...new Set(shards.map(({ pool }) => pool))];
  const runtime = explanation.base === null ? explanation.runtime : `${explanation.runtime} on ${explanation.base}`;
  const isolation =
    explanation.isolation === 'shared' ? 'shared' : `${explanation.isolation}, group ${explanation.group}`;
  return [
    ...(several
      ? [['shards', count(shards.length)] as const, ['pools', pools.join(', ')] as const]
      : [['shard', shards[0]?.shard ?? ''] as const, ['pool', pools.join()] as const]),
    ['copies', `${count(copies)} (asked: at least ${count(copiesAsked)})`],
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

function column(title: string): Column {
  const words = ['', 'shard', 'pool'].includes(title);
  return { title, align: words ? 'left' : 'right' };
}

/** Where a model is, why there, with whom it shares. Ends with a line feed. */
export function explanationText(explanation: Explanation, options: TextOptions): string {
  const style = styleOf(options);
  const drawing: Drawing = { ...options, style };
  const lines = [
    style.bold(plain(explanation.model)),
    ...facts(explanation).map(([what, value]) => `  ${style.dim(what.padEnd(8))} ${plain(value)}`),
    ...section('Why there', sentences(explanation.why, options), style),
    ...figures(explanation).flatMap(({ heading, titles, rows }) =>
      section(heading, table(titles.map(column), rows, drawing), style),
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
    ...figures(explanation).flatMap(({ heading, titles, rows }) => [
      ...(explanation.shards.length > 1 ? [`**${heading}**`, ''] : []),
      ...markdownTable(
        titles.map(escapeMarkdown),
        rows.map((row) => row.map(escapeMarkdown)),
      ),
      '',
    ]),
    ...sharing(explanation).map(escapeMarkdown),
    '',
  ].join('\n');
}
