import type { RepackCurve } from '../plan/repack-curve';
import { n, rect, text, tooltip } from './svg-elements';
import { svgStyle } from './svg-style';
import { count, perHour } from './units';

const width = 760;
const height = 380;
const left = 86;
const right = 24;
const top = 74;
const bottom = 52;

/** Cost of pods over moves as a stair, the chosen and the last paying point marked, everything anew as a line. */
export function repackSvg(curve: RepackCurve): string {
  const points = [curve.start, ...curve.steps.map((step) => step.point)];
  const costs = [
    ...points.map((point) => point.podCostMicrosPerHour),
    ...(curve.fromNothing === null ? [] : [curve.fromNothing.podCostMicrosPerHour]),
  ];
  const mostMoves = Math.max(1, ...points.map((point) => point.moves));
  const high = Math.max(...costs);
  const low = Math.min(...costs);
  const margin = Math.max(1, (high - low) * 0.1);
  const x = (moves: number) => left + (moves / mostMoves) * (width - left - right);
  const y = (cost: number) => top + ((high + margin - cost) / (high - low + 2 * margin)) * (height - top - bottom);
  const stair = points.map((point, i) => {
    const at = `${n(x(point.moves))},${n(y(point.podCostMicrosPerHour))}`;
    const before = points[i - 1];
    return before === undefined ? at : `${n(x(point.moves))},${n(y(before.podCostMicrosPerHour))} ${at}`;
  });
  const dots = points.map((point, i) => {
    const look = i === curve.chosen ? 'sw-over' : i === curve.worthwhile ? 'sw-near' : 'sw-ours';
    const radius = i === curve.chosen || i === curve.worthwhile ? 5 : 2.5;
    const hint = `${i} steps, ${count(point.moves)} moves: ${perHour(point.podCostMicrosPerHour)}`;
    return `<circle cx="${n(x(point.moves))}" cy="${n(y(point.podCostMicrosPerHour))}" r="${n(radius)}" class="${look}">${tooltip(hint)}</circle>`;
  });
  const anew = curve.fromNothing;
  const line =
    anew === null
      ? ''
      : `<g>${rect(left, y(anew.podCostMicrosPerHour), width - left - right, 1.5, 'class="sw-single"')}${text(width - right, y(anew.podCostMicrosPerHour) - 5, `everything anew: ${count(anew.moves)} moves, ${perHour(anew.podCostMicrosPerHour)}`, 'sw-small', 'end')}</g>`;
  const legend = 'red: taken; orange: the last step that pays';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<style>${svgStyle}</style>`,
    rect(0, 0, width, height, 'class="sw-page"'),
    text(left, 34, `${curve.fleet.name}: cost against moves`, 'sw-title'),
    text(left, 54, legend, 'sw-sub'),
    rect(left, top, width - left - right, height - top - bottom, 'class="sw-panel"'),
    line,
    `<polyline points="${stair.join(' ')}" fill="none" stroke="#3b6fd4" stroke-width="2"/>`,
    ...dots,
    text(left - 8, y(high) + 4, perHour(high), 'sw-figure', 'end'),
    text(left - 8, y(low) + 4, high === low ? '' : perHour(low), 'sw-figure', 'end'),
    text(left, height - bottom + 18, '0', 'sw-figure'),
    text(width - right, height - bottom + 18, count(mostMoves), 'sw-figure', 'end'),
    text((left + width - right) / 2, height - 14, 'copies moved', 'sw-label', 'middle'),
    '</svg>',
    '',
  ].join('\n');
}
