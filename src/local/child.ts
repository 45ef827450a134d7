import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { LocalEventSink } from './events';

export interface ChildCommand {
  /** Names its log file and what is said about it: `meshd`, `agent s1-0`. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
}

const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** A child that ran this long starts its next pauses anew. */
const steadyMs = 30_000;

/** One process that is started again when it ends, until it is stopped. */
export class Child {
  restarts = 0;
  private process: ChildProcess | null = null;
  private stopping = false;
  private pauseMs = firstPauseMs;
  private timer: NodeJS.Timeout | null = null;
  private startedAt = 0;

  constructor(
    readonly command: ChildCommand,
    private readonly guard: Guard,
    private readonly onEvent: LocalEventSink,
  ) {}

  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  start(): void {
    const { argv, env, log } = this.command;
    const [file, ...args] = this.guard(argv);
    const output = openSync(log, 'a', 0o600);
    this.startedAt = performance.now();
    // A session of its own: Ctrl-C reaches `stowage local` alone, which stops its children in order.
    const child = spawn(file, args, { detached: true, env: { ...env }, stdio: ['ignore', output, output] });
    closeSync(output);
    this.process = child;
    child.once('error', (error) => this.ended(child, error.message));
    child.once('exit', (code, signal) => this.ended(child, signal ?? `exit status ${code}`));
  }

  /** SIGTERM, then SIGKILL after the grace; resolves when the process is gone. */
  async stop(graceMs = this.command.graceMs): Promise<void> {
    this.stopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    const child = this.process;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(killer);
  }

  private ended(child: ChildProcess, how: string): void {
    if (this.process !== child) return;
    this.process = null;
    endGroup(child.pid);
    if (this.stopping) return;
    if (performance.now() - this.startedAt > steadyMs) this.pauseMs = firstPauseMs;
    const pauseMs = this.pauseMs;
    this.pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    this.onEvent({ type: 'crashed', name: this.command.name, how, pauseMs, log: this.command.log });
    this.timer = setTimeout(() => {
      this.restarts++;
      this.start();
    }, pauseMs);
  }
}

/** What a process leaves behind when it dies: Triton's Python models are processes of their own. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

/** Last lines of a log, for messages. */
export function logTail(path: string, lines: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** Wraps a command so that the kernel ends it when this process dies, however it dies. */
export type Guard = (argv: readonly [string, ...string[]]) => [string, ...string[]];

/** prctl(PR_SET_PDEATHSIG, SIGTERM), which an exec keeps: the process id stays that of the command. */
export function guardWith(python: string): Guard {
  const script = [
    'import ctypes, os, sys',
    'ctypes.CDLL(None).prctl(1, 15)',
    'os.getppid() == int(sys.argv[1]) or sys.exit(1)',
    'os.execv(sys.argv[2], sys.argv[2:])',
  ].join('\n');
  return (argv) => [python, '-c', script, String(process.pid), ...argv];
}
