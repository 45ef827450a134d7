import { describe, expect, it } from 'vitest';
import { AgentCore } from '../../src/agent/core/agent-core';
import type { CoreEvent } from '../../src/agent/core/events';
import { entry, tableOf } from './support/tables';

const holdMs = 1_800_000;

/** A pod of so many residents, on a server that refuses the first `refuses()` of them. */
function pod(residents: number, refuses: () => number, onDemand = 0) {
  const core = new AgentCore(0);
  const send = (event: CoreEvent, now: number): void => {
    for (const { type, served } of core.handle(event, now)) {
      if (type === 'fetch') send({ type: 'fetched', served }, now);
      if (type !== 'load') continue;
      const refused = Number(served.split('~')[1]) < refuses();
      if (refused) send({ type: 'load-failed', served, reason: 'refused', kept: false }, now);
      else send({ type: 'loaded', served, riseBytes: null }, now);
    }
  };
  const models = Array.from({ length: residents }, (_, i) => entry({ name: String(i) }));
  const others = Array.from({ length: onDemand }, (_, i) => entry({ name: `d${i}`, residency: 'on-demand' }));
  const table = tableOf([...models, ...others], 1e6);
  const serverUp = (now: number): void => send({ type: 'held', asked: core.quiet(), entries: [], files: [] }, now);
  const start = (now: number): void => {
    send({ type: 'table', table }, now);
    serverUp(now);
  };
  return { core, send, start, serverUp };
}

describe('a pod that has just started', () => {
  it.each([
    // failed, residents, ready
    [0, 0, true],
    [0, 5, true],
    [1, 1, false],
    [1, 2, false],
    [1, 3, true],
    [2, 3, false],
    [2, 19, false],
    [2, 20, true],
    [10, 100, true],
    [11, 100, false],
    [100, 100, false],
  ])('with %i of %i residents refused: ready is %s', (failed, residents, ready) => {
    const { core, start } = pod(residents, () => failed, 3);
    start(0);
    expect(core.ready).toBe(ready);
    expect(core.refused).toEqual(ready ? null : { failed, residents });
  });

  it('is ready once a later try succeeds', () => {
    let refused = 5;
    const { core, send, start } = pod(5, () => refused);
    start(0);
    send({ type: 'tick' }, 1000);
    expect(core.ready).toBe(false);
    refused = 1;
    for (let now = 1500; now < 60_000; now += 500) send({ type: 'tick' }, now);
    expect(core.ready).toBe(true);
  });

  it('holds a rollout up no longer than the limit, counted from when all was tried, crashes or not', () => {
    const { core, send, start, serverUp } = pod(5, () => 5);
    start(100_000);
    send({ type: 'tick' }, 200_000);
    send({ type: 'server-lost' }, 300_000);
    serverUp(400_000);
    send({ type: 'tick' }, 99_999 + holdMs);
    expect(core.ready).toBe(false);
    send({ type: 'tick' }, 100_000 + holdMs);
    expect(core.ready).toBe(true);
    expect(core.refused).toBeNull();
  });

  it('is not ready before everything was tried, whatever the limit', () => {
    const core = new AgentCore(0, { readyHoldMs: 0 });
    core.handle({ type: 'held', asked: new Map(), entries: [], files: [] }, 0);
    core.handle({ type: 'table', table: tableOf([entry({ name: 'a' })], 100) }, 0);
    core.handle({ type: 'tick' }, 10 * holdMs);
    expect(core.ready).toBe(false);
    core.handle({ type: 'fetch-failed', served: 't~a~1', reason: 'away' }, 10 * holdMs);
    expect(core.ready).toBe(true);
  });

  it('counts what has no room as refused', () => {
    const core = new AgentCore(0);
    core.handle({ type: 'held', asked: new Map(), entries: [], files: [] }, 0);
    core.handle({ type: 'table', table: tableOf([entry({ name: 'a', size: 200 })], 100) }, 0);
    expect(core.refused).toEqual({ failed: 1, residents: 1 });
  });
});

describe('a pod that was ready', () => {
  it('stays so, whatever fails later', () => {
    const { core, send, start } = pod(2, () => 0);
    start(0);
    for (const served of ['t~0~1', 't~1~1']) send({ type: 'dead', served, reason: 'gone' }, 1);
    expect(core.ready).toBe(true);
  });

  it('is ready again when its server is back and everything was tried, as is one whose agent started anew', () => {
    let refused = 0;
    const { core, send, start, serverUp } = pod(2, () => refused);
    start(0);
    send({ type: 'server-lost' }, 1);
    expect(core.ready).toBe(false);
    refused = 2;
    serverUp(2);
    expect(core.ready).toBe(true);

    const next = pod(2, () => 2);
    next.send({ type: 'ready-before' }, 0);
    next.start(0);
    expect(next.core.ready).toBe(true);
  });
});
