import type { Plan } from '../plan/plan';
import { copiesText, resizeText } from './change-text';
import { placeText } from './diagnostics-text';
import { classesLeftOut, curveRows, curveTitles, onDemandRows, onDemandTitles } from './on-demand-facts';
import {
  boundSentences,
  changeSentence,
  comparison,
  headline,
  limitSentences,
  reasonText,
  saving,
  statusText,
} from './plan-facts';
import { planSvg } from './plan-svg';
import { fillOf } from './plan-text';
import { escapeXml } from './svg-elements';
import { budgetLabel, count, plural, quantity } from './units';

/** Rows of a long list that the page holds; the JSON form has all. */
const mostRows = 2000;

const style = `
:root{color-scheme:light dark;--ink:#1b2230;--soft:#525c6b;--page:#eef0f3;--card:#fff;--line:#dfe3e8;--bad:#c9433f;--good:#23805a}
@media (prefers-color-scheme:dark){:root{--ink:#edf0f4;--soft:#aab3bf;--page:#0d1015;--card:#14181f;--line:#2c3441;--bad:#ec7772;--good:#57c493}}
body{margin:0;background:var(--page);color:var(--ink);font:14px/1.5 Inter,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}
main{max-width:1200px;margin:0 auto;padding:24px 16px 64px}
svg{width:100%;height:auto;display:block}
section{background:var(--card);border-radius:12px;padding:16px 32px 20px;margin-top:16px}
h2{font-size:16px;margin:4px 0 8px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
th{font-weight:600;color:var(--soft)}
code{font:12.5px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}
.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}.soft{color:var(--soft)}
summary{cursor:pointer;font-weight:600}
`;

/** The plan as one page that needs nothing else: no script, no font, no network. */
export function planHtml(plan: Plan): string {
  const title = escapeXml(`${plan.fleet.name}: Stowage plan`);
  const body = [
    planSvg(plan),
    card('Budgets', budgets(plan)),
    plan.onDemand === undefined ? '' : card('On-demand models', onDemand(plan)),
    card('Against one server a model', baseline(plan)),
    card(
      'Proven bound',
      boundSentences(plan)
        .map((sentence) => `<p>${escapeXml(sentence)}</p>`)
        .join(''),
    ),
    card('Changes', changes(plan)),
    plan.warnings.length === 0 ? '' : card(plural(plan.warnings.length, 'warning'), warnings(plan)),
    `<section><details><summary>${plural(plan.shards.length, 'shard')}</summary>${shards(plan)}</details></section>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><style>${style}</style></head>
<body><main>
<h1 style="position:absolute;left:-999em">${title}: ${escapeXml(headline(plan))}</h1>
${body.join('\n')}
</main></body></html>
`;
}

function card(title: string, inner: string): string {
  return `<section><h2>${escapeXml(title)}</h2>${inner}</section>`;
}

/** Cells are HTML already. */
function grid(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = titles.map((title) => `<th>${escapeXml(title)}</th>`).join('');
  const shown = rows.slice(0, mostRows);
  const body = shown.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  const rest = rows.length - shown.length;
  const more = rest > 0 ? `<p class="soft">and ${count(rest)} more</p>` : '';
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${more}`;
}

function budgets(plan: Plan): string {
  if (plan.budgets.length === 0) return '<p>The fleet declares no budget.</p>';
  return grid(
    ['budget', 'used', 'limit', 'headroom', 'status'],
    plan.budgets.map((budget) => [
      escapeXml(budgetLabel(budget.budget)),
      quantity(budget.used, budget.unit),
      quantity(budget.limit, budget.unit),
      quantity(budget.headroom, budget.unit),
      `<span class="${budget.status === 'ok' ? 'good' : 'bad'}">${statusText(budget)}</span>`,
    ]),
  );
}

function baseline(plan: Plan): string {
  const hit = limitSentences(plan);
  const list = hit.map((sentence) => `<li>${escapeXml(sentence)}</li>`).join('');
  return (
    grid(
      ['', 'this plan', 'one server a model', ''],
      comparison(plan).map((row) => [
        escapeXml(row.what),
        quantity(row.ours, row.unit),
        quantity(row.single, row.unit),
        saving(row),
      ]),
    ) + (hit.length === 0 ? '' : `<p>One server a model would go over:</p><ul>${list}</ul>`)
  );
}

function onDemand(plan: Plan): string {
  const named = (row: readonly string[]) => row.map(escapeXml);
  const more = classesLeftOut(plan, true);
  return `${grid(onDemandTitles, onDemandRows(plan, true).map(named))}<p class="soft">${
    more ?? 'Memory against cold starts, by the share of the memory of all copies:'
  }</p>${grid(curveTitles, curveRows(plan, true).map(named))}`;
}

function changes(plan: Plan): string {
  const { added, removed, moved, copies, resized, against } = plan.changes;
  const sentence = `<p>${escapeXml(changeSentence(plan.changes))}</p>`;
  if (against === 'nothing') return sentence;
  const model = (key: string) => `<code>${escapeXml(key)}</code>`;
  const rows = [
    ...moved.map((move) => [
      model(move.model),
      'moved',
      `${escapeXml(move.from)} → ${escapeXml(move.to)}: ${escapeXml(reasonText(move.reason))}`,
    ]),
    ...added.map((key) => [model(key), 'added', '']),
    ...removed.map((key) => [model(key), 'removed', '']),
    ...copies.map((change) => [model(change.model), 'copies', escapeXml(copiesText(change, '→'))]),
    ...resized.map((resize) => [model(resize.model), 'resized', escapeXml(resizeText(resize))]),
  ];
  return rows.length === 0 ? sentence : sentence + grid(['model', '', ''], rows);
}

function warnings(plan: Plan): string {
  return grid(
    ['warning', 'where', ''],
    plan.warnings.map((warning) => [
      escapeXml(warning.message),
      escapeXml(placeText(warning)),
      `<code>${warning.code}</code>`,
    ]),
  );
}

function shards(plan: Plan): string {
  return grid(
    ['shard', 'pool', 'runtime', 'group', 'pods', 'models', 'GPU memory', 'GPU time', 'memory'],
    plan.shards.map((shard) => [
      `<code>${escapeXml(shard.id)}</code>`,
      escapeXml(shard.pool),
      escapeXml(shard.base === null ? shard.runtime : `${shard.runtime} (${shard.base})`),
      escapeXml(shard.group),
      count(shard.replicas),
      count(shard.models.length),
      fillOf(shard, 'acceleratorMemoryBytes'),
      fillOf(shard, 'microDuty'),
      fillOf(shard, 'memoryBytes'),
    ]),
  );
}
