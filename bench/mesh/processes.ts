import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All processes of a part of the benchmark, and their folder: ended with it, by their own ids. */
export class Processes {
  readonly dir = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  private readonly running: ChildProcess[] = [];
  private readonly onExit = () => this.end();

  constructor(readonly envoyBinary: string) {
    process.once('exit', this.onExit);
  }

  /** A program of this folder, with a channel to it. */
  fork(file: string): ChildProcess {
    return this.keep(
      fork(join(__dirname, file), {
        execArgv: ['--require', 'tsx/cjs'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
  }

  /** A program of the build, as users run it. It logs to the file. */
  node(program: string, env: Readonly<Record<string, string>>, log: string): ChildProcess {
    const { PATH = '' } = process.env;
    const stdio = ['ignore', 'inherit', openSync(log, 'a')] as const;
    return this.keep(spawn(process.execPath, [program], { stdio: [...stdio], env: { PATH, ...env } }));
  }

  /** Envoy by a bootstrap, with one worker. */
  envoy(name: string, bootstrap: object): ChildProcess {
    const file = join(this.dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(bootstrap));
    const args = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
    return this.keep(spawn(this.envoyBinary, args, { stdio: ['ignore', 'inherit', 'inherit'] }));
  }

  end(): void {
    process.removeListener('exit', this.onExit);
    for (const one of this.running) one.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  private keep(child: ChildProcess): ChildProcess {
    this.running.push(child);
    return child;
  }
}

/** Ends a process, and waits for it. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await over;
}

/** The next message of a process; rejects where it ends instead. */
export function heard<T>(from: ChildProcess): Promise<T> {
  return new Promise((done, fail) => {
    const ended = () => fail(new Error(`a process of the benchmark ended: ${from.spawnargs.slice(-1)}`));
    from.once('exit', ended);
    from.once('message', (message) => {
      from.removeListener('exit', ended);
      done(message as T);
    });
  });
}

export function tell<T>(child: ChildProcess, command: object): Promise<T> {
  const reply = heard<T>(child);
  child.send(command);
  return reply;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** Bytes in memory. */
export const rss = (pid: number): number => status(pid, 'VmRSS');
export const peakRss = (pid: number): number => status(pid, 'VmHWM');

function status(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1] ?? Number.NaN) * 1024;
}

/** Nanoseconds that all threads of a process have run. */
export function cpuOf(pid: number): number {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`))
    total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return total;
}
