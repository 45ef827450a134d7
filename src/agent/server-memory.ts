import { readFile } from 'node:fs/promises';
import type { ServerAddress } from './adapters/adapter';
import { listeningProcess } from './server-process';

/** Reads how much memory the model server takes, in bytes; null: it cannot be known. */
export type MemoryReader = () => Promise<number | null>;

/** How long to go without a process that could not be found. */
const lookAgainMs = 5000;

/** By its process, where the agent may see it (`stowage local`, tests); else by what its metrics say, if they do. */
export function memoryReader(server: ServerAddress, pid: number | null): MemoryReader {
  if (pid !== null) return () => processTree(pid);
  const { host, http, metrics } = server;
  let found: number | null = null;
  let lookAt = 0;
  return async () => {
    const known = found === null ? null : await processTree(found);
    if (known !== null) return known;
    found = null;
    if (performance.now() >= lookAt) {
      found = await listeningProcess(host, http).catch(() => null);
      if (found !== null) return processTree(found);
      lookAt = performance.now() + lookAgainMs;
    }
    return metrics === null ? null : fromMetrics(host, metrics);
  };
}

/**
 * A server's workers are its children: Triton's Python models, MLServer's parallel workers. Of them only what is their own
 * counts; the files of libraries and shared memory are in the server's figure.
 */
async function processTree(pid: number): Promise<number | null> {
  const own = await statusBytes(pid, 'VmRSS');
  return own === null ? null : own + (await childrenBytes(pid));
}

async function childrenBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((child) => child !== '')
    .map(Number);
  const each = await Promise.all(
    children.map(async (child) => ((await statusBytes(child, 'RssAnon')) ?? 0) + (await childrenBytes(child))),
  );
  return each.reduce((sum, bytes) => sum + bytes, 0);
}

async function statusBytes(pid: number, figure: 'VmRSS' | 'RssAnon'): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  const kib = new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(status ?? '')?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The process collector of Prometheus' clients; Triton has none. */
async function fromMetrics(host: string, port: number): Promise<number | null> {
  try {
    const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const response = await fetch(`${origin}/metrics`, { signal: AbortSignal.timeout(3000) });
    const value = /^process_resident_memory_bytes ([0-9.e+]+)$/m.exec(await response.text())?.[1];
    return value === undefined ? null : Math.round(Number(value));
  } catch {
    return null;
  }
}
