import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { planSvg } from '../../src/report/plan-svg';
import { catalogueFleet, catalogueModels } from '../catalogue';
import { type Chart, drawCharts, type Line } from './chart';
import type { Row } from './main';
import { tailEffort } from './tail-effort';

/** Writes packing-size.svg, packing-effort.svg and repack.svg. */
export function drawPictures(rows: readonly Row[], directory: string): void {
  mkdirSync(directory, { recursive: true });
  const catalogues = rows.filter(({ spec }) => spec.kind === 'catalogue' && spec.isolated && spec.onePool !== true);
  const charts = [
    { title: 'Cost above the certified bound', x: 'models', y: '%', lines: gapLines(catalogues) },
    {
      title: 'Packing and bound',
      x: 'models',
      y: 'processor seconds',
      lines: [lineOf('Stowage', catalogues, (row) => row.run.stowage.seconds ?? 0)],
      logY: true,
    },
  ];
  writeFileSync(join(directory, 'packing-size.svg'), drawCharts(charts));
  const efforts = [
    ...rows.filter(({ longer }) => longer !== null && longer.models >= 10_000).map(timeChart),
    {
      title: 'The exact tail: pods above the certified bound',
      x: 'million steps',
      y: '%',
      lines: tailEffort(({ fleet }) => pack({ fleet }).bound.pods),
    },
  ];
  writeFileSync(join(directory, 'packing-effort.svg'), drawCharts(efforts));
  writeFileSync(join(directory, 'repack.svg'), repackPicture());
}

const gap = (micros: number, row: Row): number => (micros / row.run.bound.costMicros - 1) * 100;

/** What each second buys: Stowage by default and with its longer search, and each policy. */
function timeChart(row: Row): Chart {
  const { run, longer } = row;
  const own = [run, longer].flatMap((one) =>
    one === null ? [] : [[one.stowage.seconds ?? 0, gap(one.stowage.costMicros, row)] as const],
  );
  return {
    title: `${run.models.toLocaleString('en-US')} models: cost above the certified bound`,
    x: 'processor seconds',
    y: '%',
    lines: [
      { name: 'Stowage, by default and at most', points: own },
      ...row.policies.map((other) => ({
        name: other.how,
        points: [[Math.max(0.01, other.seconds ?? 0), gap(other.costMicros, row)] as const],
      })),
    ],
  };
}

function gapLines(rows: readonly Row[]): Line[] {
  const names = rows[0]?.policies.map((other) => other.how) ?? [];
  return [
    lineOf('Stowage', rows, (row) => gap(row.run.stowage.costMicros, row)),
    ...names.map((name, k) => lineOf(name, rows, (row) => gap(row.policies[k]?.costMicros ?? 0, row))),
  ];
}

/** Means over all rows of as many models. */
function lineOf(name: string, rows: readonly Row[], value: (row: Row) => number): Line {
  const bySize = new Map<number, number[]>();
  for (const row of rows) bySize.set(row.run.models, [...(bySize.get(row.run.models) ?? []), value(row)]);
  const points = [...bySize]
    .sort(([a], [b]) => a - b)
    .map(([x, list]) => [x, list.reduce((sum, y) => sum + y, 0) / list.length] as const);
  return { name, points };
}

/** A fleet that lost two models of three, as it stands and packed anew. */
function repackPicture(): string {
  const { catalogues: _, ...input } = catalogueFleet(900, 1);
  const models = catalogueModels(900, 1);
  const before = defineFleet({ ...input, models });
  const prior = lockOf(before, pack({ fleet: before }));
  const fewer = models.filter((_, i) => i % 3 === 0);
  const fleet = defineFleet({ ...input, models: fewer });
  const pictures = (['stable', 'repack'] as const).map((mode) => {
    const plan = makePlan(fleet, pack({ fleet, prior, mode }), prior);
    const name = mode === 'stable' ? 'Two models of three are gone: before a repack' : 'The same models after a repack';
    return planSvg({ ...plan, fleet: { ...plan.fleet, name } });
  });
  let y = 0;
  let width = 0;
  const parts = pictures.map((svg) => {
    const size = /width="([\d.]+)" height="([\d.]+)"/.exec(svg);
    const placed = svg.replace('<svg ', `<svg y="${y}" `);
    width = Math.max(width, Number(size?.[1]));
    y += Math.ceil(Number(size?.[2])) + 16;
    return placed;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y - 16}" viewBox="0 0 ${width} ${y - 16}" role="img">`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
