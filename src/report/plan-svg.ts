import type { Plan, PoolUsage } from '../plan/plan';
import { fills, headline } from './plan-facts';
import { drawBudgets, drawComparison, drawLegend } from './svg-bars';
import { type Categories, categories } from './svg-categories';
import { clipTo, n, rect, text, textWidth, tooltip } from './svg-elements';
import { type Drawn, drawShards, shardsByPool } from './svg-shards';
import { svgStyle } from './svg-style';
import { count, percent, perHour, plural } from './units';

const width = 1200;
const margin = 32;
const inner = width - 2 * margin;

/** A picture of the plan: pools with their shards, filled by their models; one server a model; budgets. */
export function planSvg(plan: Plan): string {
  const colours = categories(plan);
  const parts: string[] = [
    text(margin, 50, clipTo(plan.fleet.name, inner, 24), 'sw-title'),
    text(margin, 76, clipTo(headline(plan), inner, 14), 'sw-sub'),
  ];
  let y = 98;
  if (colours.title !== '') {
    parts.push(text(margin, y + 11, `colour: ${colours.title}`, 'sw-small'));
    const legend = drawLegend(colours.names, margin + 118, y, inner - 118, (name) => textWidth(name, 12));
    parts.push(legend.svg);
    y += legend.height + 8;
  }
  const shards = shardsByPool(plan);
  for (const pool of plan.pools) {
    if (pool.shards === 0) continue;
    const panel = drawPool(pool, shards.get(pool.pool) ?? [], colours, y);
    parts.push(panel.svg);
    y += panel.height + 14;
  }
  const half = (inner - 40) / 2;
  const right = margin + half + 40;
  parts.push(
    text(margin, y + 22, 'Against one server a model', 'sw-head'),
    text(right, y + 22, 'Budgets', 'sw-head'),
    rect(margin + 240, y + 13, 10, 10, 'class="sw-ours" rx="2"'),
    text(margin + 255, y + 22, 'this plan', 'sw-small'),
    rect(margin + 315, y + 13, 10, 10, 'class="sw-single" rx="2"'),
    text(margin + 330, y + 22, 'one server a model', 'sw-small'),
  );
  const bars = drawComparison(plan, margin, y + 36, half);
  const budgets = drawBudgets(plan, right, y + 36, half);
  parts.push(bars.svg, budgets.svg);
  const height = y + 36 + Math.max(bars.height, budgets.height) + margin - 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${n(height)}" viewBox="0 0 ${width} ${n(height)}" role="img">`,
    tooltip(`Plan of ${plan.fleet.name}: ${headline(plan)}`),
    `<style>${svgStyle}</style>`,
    rect(0, 0, width, height, 'class="sw-page" rx="12"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function drawPool(pool: PoolUsage, shards: Parameters<typeof drawShards>[0], colours: Categories, top: number): Drawn {
  const padding = 16;
  const drawn = drawShards(shards, pool, colours, { x: margin + padding, y: top + 44, width: inner - 2 * padding });
  const height = drawn.height + 44 + 6;
  const kind = pool.accelerator === null ? 'CPU only' : pool.accelerator;
  const nodes =
    pool.maxNodes === null ? plural(pool.nodes, 'node') : `${count(pool.nodes)} of ${plural(pool.maxNodes, 'node')}`;
  const facts = [
    plural(pool.shards, 'shard'),
    plural(pool.pods, 'pod'),
    nodes,
    ...(pool.costMicrosPerHour > 0 ? [perHour(pool.costMicrosPerHour)] : []),
    ...fills(pool)
      .slice(0, 2)
      .map(({ what, micro }) => `${what} ${percent(micro)} full`),
  ].join(', ');
  const name = `${pool.pool} (${kind})`;
  const stack = pool.accelerator === null ? 'memory' : 'GPU memory';
  return {
    svg: [
      rect(margin, top, inner, height, 'class="sw-panel" rx="8"'),
      text(margin + padding, top + 26, name, 'sw-head'),
      text(margin + padding + textWidth(name, 18) + 8, top + 26, facts, 'sw-label'),
      text(margin + inner - padding, top + 26, `column: ${stack}; thin bar: busy`, 'sw-small', 'end'),
      drawn.svg,
    ].join('\n'),
    height,
  };
}
