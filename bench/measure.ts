import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Task {
  readonly name: string;
  /** Arguments of node. */
  readonly args: readonly string[];
  readonly cwd: string;
}

export interface Timing {
  readonly name: string;
  readonly seconds: number;
  /** Of all its threads, user and system. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Runs the tasks in turn, `rounds` times over, as whole processes; medians of each. */
export function measure(tasks: readonly Task[], rounds: number): ReadonlyMap<string, Timing> {
  const runs = new Map<string, Timing[]>(tasks.map((task) => [task.name, []]));
  for (let round = 0; round < rounds; round++) for (const task of tasks) runs.get(task.name)?.push(runOnce(task));
  const middle = (list: readonly Timing[], field: 'seconds' | 'cpuSeconds' | 'peakBytes') =>
    median(list.map((run) => run[field]));
  return new Map(
    [...runs].map(([name, list]) => [
      name,
      {
        name,
        seconds: middle(list, 'seconds'),
        cpuSeconds: middle(list, 'cpuSeconds'),
        peakBytes: middle(list, 'peakBytes'),
      },
    ]),
  );
}

function runOnce(task: Task): Timing {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  try {
    const usageFile = join(directory, 'usage.json');
    const { CI, ...env } = process.env;
    const start = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--require', join(__dirname, 'note-usage.cjs'), ...task.args],
      {
        cwd: task.cwd,
        env: { ...env, STOWAGE_BENCH_USAGE: usageFile },
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
      },
    );
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`${task.name} ended with ${status}: ${stderr.slice(0, 2000)}`);
    const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Pick<Timing, 'peakBytes' | 'cpuSeconds'>;
    return { name: task.name, seconds, ...usage };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
