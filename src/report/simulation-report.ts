import type { ClassCurve, ShardOutcome, Simulation } from '../ondemand/simulate';
import { boundedMarkdown, code, details, escapeMarkdown, markdownTable } from './markdown';
import { section, sentences } from './plan-text';
import { plain, styleOf, type TextOptions } from './style';
import { type Column, table } from './table';
import { bytes, count, percent, plural, shareMicro } from './units';

const mostShards = 20;
const mostCurves = 2;
const mostMarkdownShards = 100;

/** On-demand models: forecast beside replay, by shard and in sum, and what memory would buy. Ends with a line feed. */
export function simulationText(simulation: Simulation, options: TextOptions): string {
  const style = styleOf(options);
  const drawing = { ...options, style };
  const shown = options.verbose === true ? simulation.shards : simulation.shards.slice(0, mostShards);
  const more = simulation.shards.length - shown.length;
  const lines = [
    style.bold(`On-demand models of ${plain(simulation.fleet)}`),
    ...sentences([intro(simulation), verdict(simulation)], options),
    ...section('Forecast and replay', table(columns(sumTitles), sumRows(simulation), drawing), style),
    ...section(
      'By shard',
      [
        ...table(columns(shardTitles), shown.map(shardRow), drawing),
        ...(more > 0 ? [`  and ${plural(more, 'shard')} more (--details)`] : []),
      ],
      style,
    ),
    ...shownCurves(simulation, options).flatMap((curve) =>
      section(
        `Memory against cold starts: ${plain(curve.class)}`,
        [
          ...sentences([curveFacts(curve)], options),
          ...table([...columns(curveTitles.slice(0, -1)), { title: '' }], curveRows(curve), drawing),
        ],
        style,
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

export function simulationMarkdown(simulation: Simulation): string {
  const shown = simulation.shards.slice(0, mostMarkdownShards);
  const more = simulation.shards.length - shown.length;
  return boundedMarkdown([
    { text: `### On-demand models of ${code(simulation.fleet)}` },
    { text: intro(simulation) },
    { text: `**${verdict(simulation)}**` },
    { text: markdownTable(sumTitles, sumRows(simulation)).join('\n') },
    { text: markdownTable(shardTitles, shown.map(shardRow)).join('\n'), drop: 2, name: 'the shards' },
    ...(more > 0 ? [{ text: `And ${plural(more, 'shard')} more.` }] : []),
    ...shownCurves(simulation, { color: false, width: 0, verbose: true }).map((curve) => ({
      text: details(
        `Memory against cold starts: ${escapeMarkdown(curve.class)}`,
        [curveFacts(curve), '', ...markdownTable(curveTitles, curveRows(curve))],
        simulation.curves.length === 1,
      ),
      drop: 1,
      name: 'a curve',
    })),
  ]);
}

/** The largest first. */
function shownCurves({ curves }: Simulation, { verbose }: TextOptions): readonly ClassCurve[] {
  const sorted = [...curves].sort((a, b) => b.totalBytes - a.totalBytes);
  return verbose === true ? sorted : sorted.slice(0, mostCurves);
}

const sumTitles = ['', 'forecast', 'replay'];

function sumRows({ forecast, replay, trace }: Simulation): string[][] {
  const perSecond = (total: number) => rate(trace.seconds === 0 ? 0 : total / trace.seconds);
  return [
    ['requests to on-demand models', rate(forecast.requestsPerSecond), perSecond(replay.requests)],
    ['cold starts', rate(forecast.coldStartsPerSecond), perSecond(replay.coldStarts)],
    ['cold starts a request', percent(forecast.coldStartMicro), percent(replay.coldStartMicro)],
    ['requests that waited', '', percent(shareMicro(replay.waited, replay.requests))],
    ['requests refused', '', count(replay.refused)],
    ['mean wait', seconds(forecast.meanLoadMillis), seconds(replay.meanWaitMillis)],
    ['wait of 95%', '', `at most ${seconds(replay.p95WaitMillis)}`],
  ];
}

const shardTitles = ['shard', 'models', 'room', 'reserve', 'kept', 'forecast', 'replay', 'mean wait', 'refused'];

function shardRow(shard: ShardOutcome): string[] {
  const { room, reserve, replay, forecast, keptSeconds } = shard;
  const kind = reserve.acceleratorMemoryBytes > 0 ? 'acceleratorMemoryBytes' : 'memoryBytes';
  return [
    shard.pods === 1 ? shard.shard : `${shard.shard} x ${shard.pods}`,
    count(shard.onDemandModels),
    bytes(room[kind]),
    bytes(reserve[kind]),
    keptSeconds === null ? 'always' : duration(keptSeconds),
    percent(forecast.coldStartMicro),
    percent(replay.coldStartMicro),
    seconds(replay.meanWaitMillis),
    count(replay.refused),
  ];
}

const curveTitles = ['memory', 'of all', 'cold starts a request', ''];

function curveRows({ points, totalBytes }: ClassCurve): string[][] {
  return points.map((point) => {
    const micro = Math.round(point.coldStartRate * 1e6);
    return [bytes(point.bytes), percent(shareMicro(point.bytes, totalBytes)), percent(micro), blocks(micro)];
  });
}

function curveFacts({ models, memory, totalBytes, reserveBytes }: ClassCurve): string {
  const kind = memory === 'accelerator' ? 'accelerator memory' : 'memory';
  const share = percent(shareMicro(reserveBytes, totalBytes));
  return `${plural(models, 'model')} of ${bytes(totalBytes)} ${kind}; the target keeps ${bytes(reserveBytes)} of it (${share}) where one pod holds all.`;
}

function intro({ trace, onDemandModels, modelsWithoutRate, room }: Simulation): string {
  const kind =
    trace.kind === 'recorded' ? 'a recorded trace' : trace.bursts ? 'requests in bursts' : 'Poisson requests';
  const seed = trace.kind === 'recorded' ? '' : ` (seed ${trace.seed})`;
  const where = room === 'left' ? 'all the room that residents leave' : 'no more room than the reserve';
  const unknown =
    modelsWithoutRate === 0
      ? ''
      : ` ${plural(modelsWithoutRate, 'model states', 'models state')} no requests: one an hour is assumed of each.`;
  return `${plural(onDemandModels, 'on-demand model')}, ${duration(trace.seconds)} of ${kind}${seed}, with ${where}.${unknown}`;
}

function verdict({ target, forecast, replay }: Simulation): string {
  const of = target.of === 'their-requests' ? 'of their requests' : 'of all requests';
  return `Target: at most ${percent(target.coldStartMicro)} cold starts ${of}. Forecast ${percent(forecast.coldStartMicro)} of their requests, replay ${percent(replay.coldStartMicro)}.`;
}

function columns(titles: readonly string[]): Column[] {
  return titles.map((title, i) => ({ title, ...(i === 0 ? {} : { align: 'right' as const }) }));
}

/** 0.0125 -> `0.0125/s`; below one an hour, by the day. */
function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond >= 0.1) return `${number(perSecond)}/s`;
  return perSecond >= 1 / 3600 ? `${number(perSecond * 3600)}/h` : `${number(perSecond * 86_400)}/day`;
}

function number(value: number): string {
  return value >= 100 ? count(Math.round(value)) : value.toPrecision(3);
}

function seconds(millis: number): string {
  return millis === 0 ? '0 s' : `${number(millis / 1000)} s`;
}

function duration(total: number): string {
  if (total < 120) return `${number(total)} s`;
  if (total < 7200) return `${number(total / 60)} min`;
  return total < 172_800 ? `${number(total / 3600)} h` : `${number(total / 86_400)} days`;
}

function blocks(micro: number): string {
  const width = Math.round((micro / 1e6) * 20);
  return micro > 0 && width === 0 ? '▏' : '█'.repeat(width);
}
