import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Child, type Guard, logTail } from '../../src/local/child';
import type { LocalEvent } from '../../src/local/events';
import { isAlive, removeDirectories, temporaryDirectory, until } from './support';

afterAll(removeDirectories);

const unguarded: Guard = (argv) => [...argv];

function child(script: string, graceMs = 5000): { child: Child; events: LocalEvent[]; log: string } {
  const log = join(temporaryDirectory(), 'child.log');
  const events: LocalEvent[] = [];
  const command = { name: 'part', argv: [process.execPath, '-e', script] as const, env: {}, log, graceMs };
  return { child: new Child(command, unguarded, (event) => events.push(event)), events, log };
}

describe('a part of the local mesh', () => {
  it('is started again when it ends, later each time, and says so', async () => {
    const { child: part, events, log } = child('console.log("up"); process.exit(3)');
    part.start();
    await until(() => part.restarts >= 2);
    await part.stop();
    expect(events.slice(0, 2)).toMatchObject([
      { type: 'crashed', name: 'part', how: 'exit status 3', pauseMs: 500 },
      { type: 'crashed', pauseMs: 1000 },
    ]);
    expect(readFileSync(log, 'utf8')).toMatch(/up\nup\n/);
    expect(logTail(log, 1)).toBe('up');
  });

  it('is stopped by its own id, and killed when it does not heed', async () => {
    const {
      child: part,
      events,
      log,
    } = child('process.on("SIGTERM", () => 0); setInterval(() => 0, 1000); console.log("up")', 300);
    part.start();
    await until(() => logTail(log, 1) === 'up');
    const pid = part.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    await part.stop();
    expect(isAlive(pid)).toBe(false);
    expect(part.pid).toBeNull();
    expect(events).toEqual([]);
  });

  it('that does not exist is reported, not thrown', async () => {
    const log = join(temporaryDirectory(), 'child.log');
    const events: LocalEvent[] = [];
    const part = new Child({ name: 'part', argv: ['/nowhere/part'], env: {}, log, graceMs: 100 }, unguarded, (event) =>
      events.push(event),
    );
    part.start();
    await until(() => events.length > 0);
    await part.stop();
    expect(events[0]).toMatchObject({ type: 'crashed', how: expect.stringContaining('ENOENT') });
  });
});
