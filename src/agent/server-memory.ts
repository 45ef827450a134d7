import { readFile } from 'node:fs/promises';
import type { ServerAddress } from './adapters/adapter';

/** Reads how much memory the model server takes, in bytes; null: it cannot be known. */
export type MemoryReader = () => Promise<number | null>;

/** By its process, where the agent may see it (`stowage local`, tests); else by what its metrics say, if they do. */
export function memoryReader(server: ServerAddress, pid: number | null): MemoryReader {
  if (pid !== null) return () => processTree(pid);
  const { host, metrics } = server;
  return metrics === null ? async () => null : () => fromMetrics(host, metrics);
}

/** A server's workers are its children: Triton's Python models, MLServer's parallel workers. */
async function processTree(pid: number): Promise<number | null> {
  const own = await residentBytes(pid);
  if (own === null) return null;
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((child) => child !== '')
    .map(Number);
  const below = await Promise.all(children.map(processTree));
  return below.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
}

async function residentBytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
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
