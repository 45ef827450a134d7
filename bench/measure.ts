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
  readonly peakBytes: number;
}

/** Runs the tasks in turn, `rounds` times over, as whole processes; medians of each. */
export function measure(tasks: readonly Task[], rounds: number): ReadonlyMap<string, Timing> {
  const runs = new Map<string, Timing[]>(tasks.map((task) => [task.name, []]));
  for (let round = 0; round < rounds; round++) for (const task of tasks) runs.get(task.name)?.push(runOnce(task));
  return new Map(
    [...runs].map(([name, list]) => [
      name,
      { name, seconds: median(list.map((run) => run.seconds)), peakBytes: median(list.map((run) => run.peakBytes)) },
    ]),
  );
}

function runOnce(task: Task): Timing {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  try {
    const peakFile = join(directory, 'peak');
    const { CI, ...env } = process.env;
    const start = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--require', join(__dirname, 'peak-memory.cjs'), ...task.args],
      {
        cwd: task.cwd,
        env: { ...env, STOWAGE_BENCH_PEAK: peakFile },
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
      },
    );
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`${task.name} ended with ${status}: ${stderr.slice(0, 2000)}`);
    return { name: task.name, seconds, peakBytes: Number(readFileSync(peakFile, 'utf8')) };
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
