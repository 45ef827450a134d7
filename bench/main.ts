/**
 * Measures Stowage on generated catalogues, with comparators in the same run, and prints a page in Markdown.
 * `npm run bench [-- --rounds 3 --seed 1 --out docs/benchmarks.md]`. It runs what `npm run build` made.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadFleet } from '../src/declare/load-fleet';
import type { Plan } from '../src/plan/plan';
import { readPlan } from '../src/plan/read-plan';
import { renderFleet } from '../src/render/render';
import { writeCatalogue } from './catalogue';
import { firstFitDecreasing, oneServerAModel, type Packed } from './comparators';
import { measure, type Task, type Timing } from './measure';
import { compareYamlWriting } from './yaml-writing';

const root = resolve(__dirname, '..');
const cli = join(root, 'dist/src/cli/main.js');
const sizes = [1_000, 10_000, 100_000] as const;

/** What a task may take at most: seconds and bytes. */
const targets: Readonly<Record<string, { readonly seconds?: number; readonly bytes?: number }>> = {
  'plan of 10,000 models': { seconds: 2, bytes: 400e6 },
  'plan of 100,000 models': { seconds: 15, bytes: 1.5e9 },
  'synth of 100,000 models': { seconds: 20 },
};

const loadBefore = loadavg();
const english = (value: number) => value.toLocaleString('en-US');
const dollars = (micros: number) => `$${english(Math.round(micros / 1e6))}`;

function main(): void {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, seed: { type: 'string' }, out: { type: 'string' } },
  });
  const rounds = Number(values.rounds ?? 3);
  const seed = Number(values.seed ?? 1);
  if (!existsSync(cli)) throw new Error('dist/ is not built: run npm run build');
  const work = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  try {
    const page = benchmark(work, rounds, seed);
    if (values.out === undefined) process.stdout.write(page);
    else writeFileSync(values.out, page);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function benchmark(work: string, rounds: number, seed: number): string {
  const places = sizes.map((size) => ({ size, cwd: join(work, String(size)) }));
  for (const { size, cwd } of places) {
    mkdirSync(cwd);
    writeCatalogue(cwd, size, seed);
  }
  const tasks = places.flatMap(({ size, cwd }): Task[] => [
    { name: `plan of ${english(size)} models`, args: [cli, 'plan', '--format', 'json', '--out', 'plan.json'], cwd },
    { name: `synth of ${english(size)} models`, args: [cli, 'synth', '--out', 'objects.yaml'], cwd },
  ]);
  const start: Task[] = [
    { name: 'node alone', args: ['-e', '0'], cwd: root },
    { name: 'stowage --version', args: [cli, '--version'], cwd: root },
    { name: 'plan of the quickstart', args: [cli, 'plan'], cwd: join(root, 'examples/quickstart') },
  ];
  const times = measure(tasks, rounds);
  const starts = measure(start, rounds * 5);
  return [
    '# Benchmarks',
    '',
    `Written by \`npm run bench\`. Node ${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores,
${loadNote()};`,
    `medians of ${rounds} interleaved runs (starts: ${rounds * 5}) of whole processes, seed ${seed}. The catalogues are generated:`,
    'image models with the sizes and throughputs that timm publishes, LoRA adapters and tabular models; one tenant in twenty isolated;',
    'up to four copies; three pools.',
    '',
    '## Time and memory',
    '',
    ...timeTable([...times.values(), ...starts.values()]),
    '',
    '## Packing',
    '',
    'Pods of model servers, and the sum of their shares of the nodes’ prices. First fit decreasing sorts models that may share by memory and',
    'fills the cheapest pool that they allow; each of its shards holds models with as many copies.',
    '',
    ...packingTable(places),
    '',
    '## Writing YAML',
    '',
    ...yamlTable(join(work, '10000'), rounds),
    '',
  ].join('\n');
}

/** Other work on the machine makes times longer, not processor times. */
function loadNote(): string {
  const [before = 0] = loadBefore;
  return `which had a load of ${before.toFixed(1)} when the run began`;
}

function timeTable(timings: readonly Timing[]): string[] {
  const rows = timings.map(({ name, seconds, cpuSeconds, peakBytes }) => {
    const { seconds: most, bytes } = targets[name] ?? {};
    const asked = [most === undefined ? '' : `${most} s`, bytes === undefined ? '' : `${bytes / 1e6} MB`];
    return [
      name,
      `${seconds.toFixed(2)} s`,
      `${cpuSeconds.toFixed(2)} s`,
      `${Math.round(peakBytes / 1e6)} MB`,
      asked.filter(Boolean).join(', '),
    ];
  });
  return table(['what', 'time', 'processor time', 'peak memory', 'at most'], rows);
}

function packingTable(places: readonly { readonly size: number; readonly cwd: string }[]): string[] {
  const rows = places.flatMap(({ size, cwd }) => {
    const fleet = loadFleet(join(cwd, 'fleet.json'));
    const plan = planIn(cwd);
    const { pods, podCostMicrosPerHour } = plan.bound.certificate;
    const row = (name: string, packed: Packed) => [
      english(size),
      name,
      english(packed.pods),
      dollars(packed.podCostMicrosPerHour),
      `${((packed.podCostMicrosPerHour / podCostMicrosPerHour - 1) * 100).toFixed(1)}%`,
    ];
    return [
      row('one server a model', oneServerAModel(fleet)),
      row('first fit decreasing', firstFitDecreasing(fleet)),
      row('**Stowage**', {
        pods: plan.summary.shardPods,
        podCostMicrosPerHour: plan.summary.podCostMicrosPerHour,
      }),
      row('proven lower bound', { pods, podCostMicrosPerHour }),
    ];
  });
  return table(['models', 'how', 'pods', 'an hour', 'above the bound'], rows);
}

function planIn(cwd: string): Plan {
  const file = join(cwd, 'plan.json');
  return readPlan(readFileSync(file, 'utf8'), file);
}

function yamlTable(cwd: string, rounds: number): string[] {
  const groups = renderFleet(loadFleet(join(cwd, 'fleet.json')), planIn(cwd));
  const { objects, megabytes, ownSeconds, librarySeconds } = compareYamlWriting(groups, rounds);
  const rate = (seconds: number) => [`${seconds.toFixed(2)} s`, `${(megabytes / seconds).toFixed(0)} MB/s`];
  return [
    `The ${english(objects)} objects of 10,000 models, ${megabytes.toFixed(1)} MB.`,
    '',
    ...table(
      ['how', 'time', 'rate'],
      [
        ['Stowage', ...rate(ownSeconds)],
        ['`yaml` library', ...rate(librarySeconds)],
      ],
    ),
  ];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

main();
