import { n, rect, text } from '../../src/report/svg-elements';
import { svgStyle } from '../../src/report/svg-style';

export interface Line {
  readonly name: string;
  /** x above 0, ascending. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** Also the y axis in powers of ten. */
  readonly logY?: boolean;
}

const size = { width: 560, height: 340 } as const;
const frame = { left: 56, right: 20, top: 52, bottom: 92 } as const;

/** Charts beside each other in one picture, x in powers of ten. */
export function drawCharts(charts: readonly Chart[]): string {
  const width = size.width * charts.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${size.height}" viewBox="0 0 ${width} ${size.height}" role="img">`,
    `<style>${svgStyle}.bench-line{fill:none;stroke-width:2}${strokes()}</style>`,
    rect(0, 0, width, size.height, 'class="sw-page" rx="12"'),
    ...charts.map((chart, k) => drawChart(chart, k * size.width)),
    '</svg>',
    '',
  ].join('\n');
}

function strokes(): string {
  const colours = ['#3b6fd4', '#e0872b', '#2f9e6e', '#b04fb3', '#c9433f', '#1f9bb3', '#8a7a2f'];
  return colours.map((colour, k) => `.bench-s${k}{stroke:${colour}}`).join('');
}

function drawChart(chart: Chart, left: number): string {
  const points = chart.lines.flatMap((line) => line.points);
  const log = Math.log10;
  const xs = points.map(([x]) => log(x));
  const ys = points.map(([, y]) => (chart.logY ? log(Math.max(y, 1e-3)) : y));
  const low = { x: Math.min(...xs), y: chart.logY ? Math.floor(Math.min(...ys)) : 0 };
  const high = { x: Math.max(...xs), y: chart.logY ? Math.ceil(Math.max(...ys)) : niceAbove(Math.max(...ys)) };
  const inner = {
    width: size.width - frame.left - frame.right,
    height: size.height - frame.top - frame.bottom,
  };
  const atX = (x: number) => left + frame.left + ((log(x) - low.x) / Math.max(1e-9, high.x - low.x)) * inner.width;
  const atY = (y: number) => {
    const value = chart.logY ? log(Math.max(y, 1e-3)) : y;
    return frame.top + (1 - (value - low.y) / Math.max(1e-9, high.y - low.y)) * inner.height;
  };
  const parts = [
    text(left + 20, 30, chart.title, 'sw-head'),
    rect(left + frame.left, frame.top, inner.width, inner.height, 'class="sw-panel"'),
    text(left + frame.left + inner.width, frame.top + inner.height + 34, chart.x, 'sw-small', 'end'),
    text(left + frame.left, frame.top - 6, chart.y, 'sw-small'),
  ];
  for (const x of ticksOf(points.map(([value]) => value)))
    parts.push(text(atX(x), frame.top + inner.height + 18, x.toLocaleString('en-US'), 'sw-small', 'middle'));
  const ticks = chart.logY
    ? Array.from({ length: high.y - low.y + 1 }, (_, k) => 10 ** (low.y + k))
    : Array.from({ length: 5 }, (_, k) => (high.y * k) / 4);
  for (const tick of ticks) {
    parts.push(rect(left + frame.left, atY(tick), inner.width, 1, 'class="sw-room"'));
    parts.push(text(left + frame.left - 6, atY(tick) + 3, String(Number(tick.toPrecision(3))), 'sw-small', 'end'));
  }
  chart.lines.forEach((line, k) => {
    const path = line.points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${n(atX(x))} ${n(atY(y))}`).join('');
    parts.push(`<path d="${path}" class="bench-line bench-s${k}"/>`);
    for (const [x, y] of line.points) parts.push(rect(atX(x) - 3, atY(y) - 3, 6, 6, `class="sw-c${k}" rx="3"`));
    const column = k % 2;
    const y = frame.top + inner.height + 50 + Math.floor(k / 2) * 14;
    parts.push(rect(left + frame.left + column * 240, y - 8, 9, 9, `class="sw-c${k}" rx="2"`));
    parts.push(text(left + frame.left + column * 240 + 14, y, line.name, 'sw-small'));
  });
  return parts.join('\n');
}

/** The values themselves where they are few, else the powers of ten among them. */
function ticksOf(values: readonly number[]): number[] {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  if (distinct.length <= 6) return distinct;
  const [low, high] = [distinct[0] as number, distinct.at(-1) as number];
  const decades = Array.from({ length: 13 }, (_, k) => 10 ** (k - 6));
  return decades.filter((x) => x >= low && x <= high);
}

function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.01)));
  return (([1, 2, 4, 10].find((step) => step * power >= value) as number) ?? 10) * power;
}
