import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { dimensions, modelDemand } from '../../src/declare/capacity';
import { classContext } from '../../src/pack/class-context';
import { sharingClasses } from '../../src/pack/sharing';
import { instanceOf, type Spec } from './suite';

const version = '9.15.6755';
const cache = resolve(__dirname, '../../.stowage-cache/bench');
const python = join(cache, 'venv/bin/python');

export interface Solved {
  /** Null: no packing found. */
  readonly pods: number | null;
  readonly bound: number;
  readonly proven: boolean;
  readonly seconds: number;
}

/** Installs OR-Tools into the bench's cache directory; a message if it cannot be. */
export function prepareCpSat(): string | null {
  const probe = () =>
    spawnSync(python, ['-c', `import ortools; assert ortools.__version__ == "${version}"`], { stdio: 'ignore' });
  if (existsSync(python) && probe().status === 0) return null;
  mkdirSync(cache, { recursive: true });
  const steps = [
    ['python3', '-m', 'venv', join(cache, 'venv')],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `ortools==${version}`],
  ];
  for (const [command = '', ...args] of steps) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) return (error?.message ?? stderr).trim().split('\n').at(-1) ?? 'failed';
  }
  return null;
}

/** The instance by CP-SAT, given the pods of a known packing and a bound; it has one class, one pool, one copy a model. */
export function byCpSat(spec: Spec, start: number, bound: number, seconds: number): Solved {
  const { fleet } = instanceOf(spec);
  const [sharing] = sharingClasses(fleet);
  if (sharing === undefined) throw new Error('no models');
  const context = classContext(fleet, sharing);
  const [pool] = context.pools;
  if (pool === undefined) throw new Error('no pool');
  const capacity = context.capacity.get(pool.name) ?? [];
  const needs = sharing.models.map((model) => {
    const demand = modelDemand(model, pool, context.runtime, 1);
    return dimensions.map((dimension) => demand[dimension]);
  });
  // Only dimensions that all models together could fill.
  const active = capacity
    .map((_, d) => d)
    .filter((d) => needs.reduce((sum, need) => sum + (need[d] as number), 0) > (capacity[d] as number));
  const unit = active.map((d) => needs.reduce((a, need) => divisor(a, need[d] as number), capacity[d] as number));
  const task = {
    capacity: active.map((d, k) => (capacity[d] as number) / (unit[k] as number)),
    needs: needs.map((need) => active.map((d, k) => (need[d] as number) / (unit[k] as number))),
    start,
    bound,
    seconds,
    workers: availableParallelism(),
  };
  const { status, stdout, stderr } = spawnSync(python, [join(__dirname, 'cp-sat.py')], {
    input: JSON.stringify(task),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  return JSON.parse(stdout) as Solved;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
