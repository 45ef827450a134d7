/**
 * Packs every instance by Stowage, by simple policies and (classes of the literature) by OR-Tools CP-SAT, in one run, and
 * prints a page in Markdown, in about 25 minutes. `npm run bench:pack -- [--quick] [--huge] [--no-solver] [--pictures] [--out FILE]`. Ends with
 * 1 where anything is cheaper than Stowage, or a bound does not check.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { byCpSat, prepareCpSat, type Solved } from './cp-sat';
import type { Outcome, StowageRun } from './pack-one';
import { drawPictures } from './pictures';
import { policies } from './policies';
import { instanceOf, ofLiterature, type Spec, suite, triesLonger } from './suite';

const solverSeconds = 60;

export interface Row {
  readonly spec: Spec;
  readonly run: StowageRun;
  readonly policies: readonly Outcome[];
  /** Null: not tried. */
  readonly solved: Solved | null;
  /** With `--effort max`; null: not tried. */
  readonly longer: StowageRun | null;
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    huge: { type: 'boolean', default: false },
    'no-solver': { type: 'boolean', default: false },
    pictures: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const noSolver = options['no-solver'] ? 'it was switched off' : prepareCpSat();
const failures: string[] = [];
const rows = suite(options).map((spec): Row => {
  const run = inProcess<StowageRun>('stowage', spec);
  const others = inProcess<Outcome[]>('policies', spec);
  const { pods, costMicros } = run.stowage;
  const trySolver = noSolver === null && ofLiterature(spec);
  const seconds = options.quick ? 10 : solverSeconds;
  const least = Math.min(...others.map((other) => other.pods));
  const solved = trySolver ? byCpSat(spec, Math.min(least, pods + 1), run.bound.pods, seconds) : null;
  const longer = triesLonger(spec) ? inProcess<StowageRun>('stowage-max', spec) : null;
  for (const finding of [...run.findings, ...(longer?.findings ?? [])]) failures.push(`${run.name}: ${finding}`);
  for (const other of others)
    if (other.costMicros < costMicros) failures.push(`${run.name}: ${other.how} is cheaper than Stowage`);
  if (solved !== null && solved.pods !== null && solved.pods < pods)
    failures.push(`${run.name}: CP-SAT needs ${solved.pods} pods, Stowage ${pods}`);
  console.error(`${run.name}: ${pods} pods, ${above(costMicros, run)} above the bound`);
  return { spec, run, policies: others, solved, longer };
});
const text = page(rows);
if (options.out === undefined) console.log(text);
else writeFileSync(options.out, text);
if (options.pictures) drawPictures(rows, join(__dirname, '../../docs/img'));
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

/** In a process of its own, so that memory is its own. */
function inProcess<T>(what: string, spec: Spec): T {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', 'tsx/cjs', join(__dirname, 'pack-one.ts'), what, JSON.stringify(spec)],
    { encoding: 'utf8', maxBuffer: 1e9 },
  );
  if (status !== 0) throw new Error(`${instanceOf(spec).name}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as T;
}

function above(micros: number, run: StowageRun): string {
  return `${((micros / run.bound.costMicros - 1) * 100).toFixed(2)}%`;
}

function page(all: readonly Row[]): string {
  const head = ['instance', 'bound, $/h', '**Stowage**, $/h', 'pods', 'gap', 'CPU s', 'MB'];
  const names = policies.map((policy) => policy.name);
  const table = (lines: readonly (readonly string[])[], columns: readonly string[]) => [
    `| ${columns.join(' | ')} |`,
    `|${columns.map((_, k) => (k === 0 ? '---' : '--:')).join('|')}|`,
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    '',
  ];
  const own = ({ run }: Row) => [
    run.name,
    (run.bound.costMicros / 1e6).toFixed(2),
    (run.stowage.costMicros / 1e6).toFixed(2),
    String(run.stowage.pods),
    above(run.stowage.costMicros, run),
    (run.stowage.seconds ?? 0).toFixed(2),
    String(Math.round(run.peakBytes / 1e6)),
  ];
  const literature = all.filter((row) => ofLiterature(row.spec));
  return [
    '# Benchmarks of packing',
    '',
    `Written by \`npm run bench:pack\`. Node ${process.version}, ${availableParallelism()} cores. Gaps are of cost, above the certified`,
    'bound that holds for any layout. Copies of a model may be on any pods, for the policies as for Stowage. The policies are',
    'simplified ones of ours (bench/pack/policies.ts) and not the code of the projects that they are named after: each model in',
    'turn, one choice by one number; each class takes the pool that is cheapest for it in the end. Seconds are of packing and bound.',
    '',
    '## Catalogues',
    '',
    ...table(
      all
        .filter((row) => !ofLiterature(row.spec))
        .map((row) => [...own(row), ...row.policies.map((other) => above(other.costMicros, row.run))]),
      [...head, ...names],
    ),
    '## A longer search',
    '',
    'The gap by default and with `--effort max`.',
    '',
    ...table(
      all.flatMap(({ run, longer }) =>
        longer === null
          ? []
          : [
              [
                run.name,
                ...[run, longer].flatMap((one) => [
                  above(one.stowage.costMicros, one),
                  (one.stowage.seconds ?? 0).toFixed(2),
                ]),
              ],
            ],
      ),
      ['instance', 'gap', 'CPU s', 'gap, max', 'CPU s, max'],
    ),
    '## Classes of the literature',
    '',
    'One pool at $1 an hour: cost is pods. ' +
      (noSolver === null
        ? `CP-SAT is given the pods of a simple packing, the bound, ${options.quick ? 10 : solverSeconds} s and all cores: pods, and whether it proved them to be least. ` +
          'VPSolver is left out: its package is the Python part alone, without the programs that do the work.'
        : `CP-SAT was left out: ${noSolver}.`),
    '',
    ...table(
      literature.map((row) => [
        row.run.name,
        String(row.run.bound.pods),
        String(row.run.stowage.pods),
        above(row.run.stowage.costMicros, row.run),
        (row.run.stowage.seconds ?? 0).toFixed(2),
        ...row.policies.map((other) => String(other.pods)),
        solvedText(row.solved),
      ]),
      ['instance', 'bound', '**Stowage**', 'gap', 'CPU s', ...names, 'CP-SAT'],
    ),
  ].join('\n');
}

function solvedText(solved: Solved | null): string {
  if (solved === null) return '';
  const what = solved.pods === null ? 'none' : `${solved.pods}${solved.proven ? ', proven' : ''}`;
  return `${what} (${solved.seconds.toFixed(0)} s)`;
}
