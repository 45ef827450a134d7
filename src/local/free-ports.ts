import { once } from 'node:events';
import { createServer } from 'node:net';
import { reason } from '../declare/text-file';
import { diagnostic, StowageError } from '../errors/stowage-error';

/** @throws StowageError STW6203 where one of the ports is taken */
export async function requireFree(address: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const problem = await listenProblem(address, port);
    if (problem !== null)
      throw new StowageError([diagnostic('STW6203', `cannot listen on ${address}:${port}: ${problem}`)]);
  }
}

/** Ports, in one run of numbers, that nobody has on any address. */
export async function findFreeRun(length: number, from: number, to: number): Promise<number> {
  for (let first = from; first + length <= to; first += length) {
    const taken = await Promise.all(Array.from({ length }, (_, i) => listenProblem('0.0.0.0', first + i)));
    if (taken.every((problem) => problem === null)) return first;
  }
  throw new StowageError([diagnostic('STW6203', `no ${length} free ports from ${from} to ${to}`)]);
}

async function listenProblem(address: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'something else does' : reason(error);
  } finally {
    server.close();
  }
}
