import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const parts =
  process.env.STOWAGE_PARTS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stowage-parts');

type Part = 'mlserver' | 'triton' | 'clients' | 's3' | 'gcs' | 'registry';

/** Why a part cannot be used here; null: it can. */
export function missingPart(name: Part): string | null {
  const script = resolve(__dirname, '../../../scripts/mesh-parts.sh');
  try {
    execFileSync('bash', [script, '--check', name], { stdio: 'ignore' });
    return null;
  } catch {
    return `${name} is not installed: scripts/mesh-parts.sh ${name}`;
  }
}

export function partFile(name: Part, file: string): string {
  return join(parts, name, file);
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done) => {
          const server = createServer().listen(0, '127.0.0.1', () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

const children = new Set<ChildProcess>();

/** Starts a process that is stopped by `stopAll`; what it says is at hand when it fails. */
export function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-20_000);
    });
  }
  child.on('exit', () => children.delete(child));
  return { child, output: () => output };
}

export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  await gone;
}

export async function stopAll(): Promise<void> {
  await Promise.all([...children].map((child) => stopProcess(child)));
}

/** Waits for something to come true; fails with the last reason. */
export async function until<T>(what: string, test: () => Promise<T | null | false>, limitMs = 30_000): Promise<T> {
  const end = Date.now() + limitMs;
  let last: unknown = null;
  while (Date.now() < end) {
    try {
      const result = await test();
      if (result !== null && result !== false) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what}: not within ${limitMs} ms`, { cause: last });
}
