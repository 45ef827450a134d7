import type { RebalancePoint, RebalanceStep } from '../pack/rebalance/step';
import { moveCost, type RepackCurve } from '../plan/repack-curve';
import type { Transition } from '../plan/transition';
import { bytes, count, perHour, plural, short } from './units';

/** `12 moves in 2 waves, no gap in service` */
export function transitionSentence(transition: Transition): string {
  const loads = transition.waves.reduce((sum, wave) => sum + wave.load.length, 0);
  if (transition.waves.length === 0) return 'Nothing has to be loaded.';
  const shelters =
    transition.temporary.length === 0 ? '' : `, ${plural(transition.temporary.length, 'temporary shard')}`;
  const dark = transition.gaps.filter((gap) => gap.copies === 0).length;
  const thin = transition.gaps.length - dark;
  const gaps =
    transition.gaps.length === 0
      ? ', no gap in service'
      : [
          dark > 0 ? `, ${plural(dark, 'model does', 'models do')} not serve for a while` : '',
          thin > 0 ? `, ${plural(thin, 'model has', 'models have')} fewer copies for a while` : '',
        ].join('');
  const busy = new Set(transition.overloads.map(({ shard }) => shard)).size;
  const over = busy === 0 ? '' : `, ${plural(busy, 'shard')} above the target load for a while`;
  return `${plural(loads, 'copy', 'copies')} to load in ${plural(transition.waves.length, 'wave')}${shelters}${gaps}${over}.`;
}

/** The steps that a table has room for: always the first, those that matter, and the last. */
export function shownSteps(curve: RepackCurve, most: number): readonly number[] {
  const { length } = curve.steps;
  if (length <= most) return curve.steps.map((_, at) => at);
  const wanted = new Set([0, curve.worthwhile - 1, curve.worthwhile, curve.chosen - 1, length - 1]);
  for (let k = 0; k < most; k++) wanted.add(Math.round((k * (length - 1)) / (most - 1)));
  return [...wanted].filter((at) => at >= 0 && at < length).sort((a, b) => a - b);
}

export const curveTitles = ['steps', 'moves', 'to fetch', 'pods', 'pods cost', 'saves', 'saves a move', 'pays back in'];

/** Cells of the curve's table: the lockfile's point, the steps shown, and everything anew. */
export function curveRows(curve: RepackCurve, most: number): readonly (readonly string[])[] {
  const rows = [row('0', curve.start, null, null, curve)];
  let before = curve.start;
  for (const at of shownSteps(curve, most)) {
    const { point } = curve.steps[at] as RebalanceStep;
    rows.push(row(mark(curve, at + 1), point, before, curve.start, curve));
    before = point;
  }
  if (curve.fromNothing !== null) rows.push(row('anew', curve.fromNothing, before, curve.start, curve));
  return rows;
}

function mark(curve: RepackCurve, steps: number): string {
  const marks = [steps === curve.chosen ? '*' : '', steps === curve.worthwhile ? '$' : ''];
  return `${count(steps)}${marks.join('')}`;
}

function row(
  name: string,
  point: RebalancePoint,
  before: RebalancePoint | null,
  start: RebalancePoint | null,
  { economics }: RepackCurve,
): readonly string[] {
  const cost = perHour(point.podCostMicrosPerHour);
  const head = [name, count(point.moves), bytes(point.moveBytes), count(point.pods), cost];
  if (before === null || start === null) return [...head, '', '', ''];
  const saved = before.podCostMicrosPerHour - point.podCostMicrosPerHour;
  const moves = point.moves - before.moves;
  const hours = saved <= 0 ? Number.POSITIVE_INFINITY : moveCost(before, point, economics) / saved;
  return [
    ...head,
    perHour(start.podCostMicrosPerHour - point.podCostMicrosPerHour),
    saved <= 0 ? '-' : moves <= 0 ? 'free' : perHour(saved / moves),
    hours === Number.POSITIVE_INFINITY ? 'never' : hours <= 0 ? 'at once' : duration(hours),
  ];
}

function duration(hours: number): string {
  return hours < 1 ? `${short(hours * 60)} min` : hours < 48 ? `${short(hours)} h` : `${short(hours / 24)} days`;
}

/** Where the next step saves less than it costs. */
export function adviceSentence(curve: RepackCurve): string {
  const { economics, steps, worthwhile, start } = curve;
  const days = `${short(economics.horizonHours / 24)} days`;
  const price = `$${short(economics.microsPerMove / 1e6)} a move and $${short(economics.microsPerGigabyte / 1e6)} a gigabyte`;
  if (steps.length === 0) return 'No move saves anything: shards are as full as this search can make them.';
  const last = steps[worthwhile - 1];
  const next = steps[worthwhile];
  const pays =
    last === undefined
      ? `At ${price} no step pays within ${days}.`
      : `At ${price} ${plural(worthwhile, 'step pays', 'steps pay')} within ${days}: ${plural(last.point.moves, 'move')} save ${perHour(start.podCostMicrosPerHour - last.point.podCostMicrosPerHour)}.`;
  if (next === undefined) return `${pays} No further step is known.`;
  const from = last?.point ?? start;
  const saved = (from.podCostMicrosPerHour - next.point.podCostMicrosPerHour) * economics.horizonHours;
  const cost = moveCost(from, next.point, economics);
  return `${pays} The next saves $${short(saved / 1e6)} in that time and costs $${short(cost / 1e6)} to make.`;
}

/** Heights in eighths, one for each of at most `width` points: cost from the start on. */
export function sparkline(curve: RepackCurve, width: number): string {
  const points = [curve.start, ...curve.steps.map((step) => step.point)];
  const shown =
    points.length <= width
      ? points
      : Array.from(
          { length: width },
          (_, k) => points[Math.round((k * (points.length - 1)) / (width - 1))] as RebalancePoint,
        );
  const costs = shown.map((point) => point.podCostMicrosPerHour);
  const most = Math.max(...costs);
  const least = Math.min(...costs, curve.fromNothing?.podCostMicrosPerHour ?? most);
  const marks = '▁▂▃▄▅▆▇█';
  return costs
    .map((cost) => marks[most === least ? 0 : Math.round(((cost - least) / (most - least)) * 7)] ?? '')
    .join('');
}
