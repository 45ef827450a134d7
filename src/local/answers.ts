import { setTimeout as sleep } from 'node:timers/promises';
import { diagnostic, StowageError } from '../errors/stowage-error';
import { type Child, logTail } from './child';

const everyMs = 100;
/** A part that ended so often while it was waited for will not come up. */
const mostRestarts = 3;

/** Waits until the URL answers 200. @throws StowageError STW6204 with the end of the child's log */
export async function answers(url: string, child: Child, withinMs: number, signal?: AbortSignal): Promise<void> {
  const { name, log } = child.command;
  const end = performance.now() + withinMs;
  while (performance.now() < end && child.restarts < mostRestarts) {
    signal?.throwIfAborted();
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      if (response.status === 200) return;
    } catch {
      // Not yet.
    }
    await sleep(everyMs);
  }
  const how = child.restarts < mostRestarts ? `did not answer within ${withinMs / 1000} s` : 'ends again and again';
  const tail = logTail(log, 5);
  throw new StowageError([diagnostic('STW6204', `${name} ${how}; ${log}${tail === '' ? ' is empty' : `: ${tail}`}`)]);
}
