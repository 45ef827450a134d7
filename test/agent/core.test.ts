import { describe, expect, it } from 'vitest';
import { AgentCore } from '../../src/agent/core/agent-core';
import type { CoreAction, CoreEvent } from '../../src/agent/core/events';
import type { ModelTableEntry } from '../../src/render/model-table';
import { entry, tableOf } from './support/tables';

/** A core whose server does at once, and well, what it is told. */
function coreWith(models: readonly ModelTableEntry[], capacity = 100, disk?: number) {
  const core = new AgentCore(0);
  const done: CoreAction[] = [];
  const send = (event: CoreEvent, now = 0): void => {
    for (const action of core.handle(event, now)) {
      done.push(action);
      const { served } = action;
      if (action.type === 'fetch') send({ type: 'fetched', served }, now);
      if (action.type === 'load') send({ type: 'loaded', served, riseBytes: null }, now);
      if (action.type === 'unload') send({ type: 'unloaded', served }, now);
    }
  };
  const table = (wanted: readonly ModelTableEntry[], now = 0): void =>
    send({ type: 'table', table: tableOf(wanted, capacity, disk) }, now);
  const heard = (router: string, now: number, released: readonly string[] = [], since = core.revision): void =>
    send({ type: 'heard', router, since, released, routed: true }, now);
  const states = () => Object.fromEntries(core.reports(0).models.map(({ served, state }) => [served, state]));
  send({ type: 'held', asked: new Map(), entries: [], files: [] });
  table(models);
  return { core, done, send, table, heard, states };
}

const [a, b] = [entry({ name: 'a' }), entry({ name: 'b' })];

describe('letting go of a model', () => {
  it('waits for a minute without any router', () => {
    const { send, table, states } = coreWith([a, b]);
    table([a], 1000);
    expect(states()).toEqual({ 't~a~1': 'ready', 't~b~1': 'leaving' });
    send({ type: 'tick' }, 60_999);
    expect(states()).toEqual({ 't~a~1': 'ready', 't~b~1': 'leaving' });
    send({ type: 'tick' }, 61_000);
    expect(states()).toEqual({ 't~a~1': 'ready' });
  });

  it('does not wait for a router that has been silent for half a minute', () => {
    const { table, heard, states } = coreWith([a, b]);
    heard('dead', 1000);
    table([a], 2000);
    heard('alive', 30_000, ['t~b~1']);
    expect(states()).toHaveProperty(['t~b~1'], 'leaving');
    heard('alive', 31_000, ['t~b~1']);
    expect(states()).not.toHaveProperty(['t~b~1']);
  });

  it('does not wait for a router that has left', () => {
    const { send, table, heard, states } = coreWith([a, b]);
    for (const router of ['r1', 'r2', 'last']) heard(router, 1000);
    table([a], 2000);
    heard('r1', 2000, ['t~b~1']);
    heard('last', 2000, ['t~b~1']);
    send({ type: 'left', router: 'last' }, 2000);
    // Its last poll ends after that.
    send({ type: 'listened', router: 'last' }, 2001);
    expect(states()).toHaveProperty(['t~b~1'], 'leaving');
    send({ type: 'left', router: 'r2' }, 2001);
    expect(states()).not.toHaveProperty(['t~b~1']);
  });

  it('waits for a minute after the last router has left', () => {
    const { send, table, heard, states } = coreWith([a, b]);
    heard('r', 1000);
    send({ type: 'left', router: 'r' }, 2000);
    table([a], 2000);
    send({ type: 'tick' }, 61_999);
    expect(states()).toHaveProperty(['t~b~1'], 'leaving');
    send({ type: 'tick' }, 62_000);
    expect(states()).not.toHaveProperty(['t~b~1']);
  });

  it('takes no release from before the model left, nor of an earlier leaving', () => {
    const { core, table, heard, states } = coreWith([a, b]);
    const early = core.revision;
    heard('r', 1000, ['t~b~1'], early);
    table([a], 1000);
    heard('r', 1000, ['t~b~1'], early);
    expect(states()).toHaveProperty(['t~b~1'], 'leaving');
    const firstLeaving = core.revision;
    table([a, b], 2000);
    expect(states()).toHaveProperty(['t~b~1'], 'ready');
    table([a], 3000);
    heard('r', 3000, ['t~b~1'], firstLeaving);
    expect(states()).toHaveProperty(['t~b~1'], 'leaving');
    heard('r', 3000, ['t~b~1']);
    expect(states()).not.toHaveProperty(['t~b~1']);
  });

  it('drains when no router that knows of it sends requests here', () => {
    const { core, send, heard } = coreWith([a]);
    heard('r', 1000);
    send({ type: 'drain' }, 1000);
    expect(core.serving).toBe(false);
    expect(core.drained(1000)).toBe(false);
    send({ type: 'heard', router: 'r', since: 1, released: [], routed: false }, 1000);
    expect(core.drained(1000)).toBe(false);
    send({ type: 'heard', router: 'r', since: core.revision, released: [], routed: false }, 1000);
    expect(core.drained(1000)).toBe(true);
  });
});

describe('room', () => {
  it('is what is declared, or what is measured where that is more', () => {
    const { send, table, core, states } = coreWith([]);
    send({ type: 'rss', bytes: 1000 });
    table([entry({ name: 'a', size: 10 })]);
    // Its libraries are the server's; what comes later is the models'.
    send({ type: 'rss', bytes: 1080 });
    table([entry({ name: 'a', size: 10 }), entry({ name: 'b', size: 30 })]);
    expect(states()).toEqual({ 't~a~1': 'ready', 't~b~1': 'failed' });
    expect(core.record('t~b~1')?.blocked?.reason).toBe('no room: needs 30 B of memory, 20 B is free');
  });

  it("of the first model of a format is told without the format's libraries, once others show what models take", () => {
    const core = new AgentCore(0);
    const sizes = { a: 10, b: 20, c: 10, d: 10 };
    const rises = new Map(Object.entries({ a: 1010, b: 40, c: 30, d: 20 }));
    const seen: (number | null)[] = [];
    const feed = (event: CoreEvent): void => {
      for (const action of core.handle(event, 1)) {
        if (action.type === 'fetch') feed({ type: 'fetched', served: action.served });
        if (action.type !== 'load') continue;
        const riseBytes = rises.get(action.served.split('~')[1] ?? '') ?? 0;
        feed({ type: 'loaded', served: action.served, riseBytes });
        seen.push(core.reports(0).models.find(({ served }) => served === 't~a~1')?.memoryBytes ?? null);
      }
    };
    feed({ type: 'held', asked: new Map(), entries: [], files: [] });
    const models = Object.entries(sizes).map(([name, size]) => entry({ name, size }));
    for (const i of models.keys()) feed({ type: 'table', table: tableOf(models.slice(0, i + 1), 2000) });
    // Twice, three times, twice as much as declared: 20 of 10, where the rise was 1010.
    expect(seen).toEqual([1010, 20, 25, 20]);
    const revision = core.revision;
    expect(core.reports(revision - 1).models.map(({ served }) => served)).toEqual(['t~a~1', 't~d~1']);
  });

  it('goes to residents first, then by priority, and is said when it comes', () => {
    const models = [
      entry({ name: 'low', size: 60, priority: 1 }),
      entry({ name: 'high', size: 60, priority: 2 }),
      entry({ name: 'small', size: 40, priority: 0 }),
    ];
    const { table, states, heard } = coreWith(models);
    expect(states()).toEqual({ 't~high~1': 'ready', 't~low~1': 'failed', 't~small~1': 'ready' });
    table(models.slice(0, 1), 1000);
    expect(states()).toMatchObject({ 't~high~1': 'leaving', 't~low~1': 'waiting' });
    heard('r', 2000, ['t~high~1', 't~small~1']);
    expect(states()).toEqual({ 't~low~1': 'ready' });
  });

  it('of the disk is made by dropping files of models that are not loaded', () => {
    const disk = (name: string) => {
      const model = entry({ name, size: 60, residency: 'on-demand' });
      return { ...model, size: { ...model.size, diskBytes: 2 ** 39 } };
    };
    const { send, done } = coreWith(['a', 'b', 'c'].map(disk));
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      send({ type: 'demand', served: `t~${name}~1` }, i);
      send({ type: 'done', served: `t~${name}~1` }, i);
    }
    expect(done.filter(({ type }) => type === 'discard').map(({ served }) => served)).toEqual(['t~a~1']);
  });
});

describe('a disk that is full of loaded models', () => {
  const onDemand = (name: string, disk: number) => entry({ name, disk, residency: 'on-demand' });

  it('gets room by evicting those that are not in use, and no more than it takes', () => {
    const always = entry({ name: 'always', disk: 10 });
    const models = [always, onDemand('a', 20), onDemand('b', 0), onDemand('c', 20), onDemand('d', 30)];
    const { send, done, core } = coreWith(models, 100, 60);
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      send({ type: 'demand', served: `t~${name}~1` }, i);
      if (name !== 'a') send({ type: 'done', served: `t~${name}~1` }, i);
    }
    send({ type: 'demand', served: 't~d~1' }, 10);
    const taken = done.filter(({ type }) => type === 'unload' || type === 'discard');
    expect(taken.map(({ type, served }) => `${type} ${served}`)).toEqual(['unload t~c~1', 'discard t~c~1']);
    expect(core.held().map(({ name }) => name)).toEqual(['always', 'a', 'b', 'd']);
  });

  it('makes a request wait for what is in use, and then says which room is short', () => {
    const { send, done } = coreWith([onDemand('a', 40), onDemand('b', 40)], 100, 60);
    send({ type: 'demand', served: 't~a~1' }, 0);
    send({ type: 'demand', served: 't~b~1' }, 1);
    send({ type: 'tick' }, 5001);
    expect(done.at(-1)).toMatchObject({
      type: 'settled',
      outcome: { kind: 'busy', reason: 'no room: needs 40 B of disk, 20 B is free' },
    });
  });
});

describe('a request whose room another is being loaded into', () => {
  it('waits for it, as it can be evicted after that', () => {
    const core = new AgentCore(0);
    const [x, y] = ['x', 'y'].map((name) => entry({ name, size: 60, residency: 'on-demand' }));
    core.handle({ type: 'held', asked: new Map(), entries: [], files: [] }, 0);
    core.handle({ type: 'table', table: tableOf(x && y ? [x, y] : [], 100) }, 0);
    expect(core.handle({ type: 'demand', served: 't~x~1' }, 0)).toMatchObject([{ type: 'fetch' }]);
    expect(core.handle({ type: 'demand', served: 't~y~1' }, 0)).toEqual([]);
    core.handle({ type: 'fetched', served: 't~x~1' }, 1);
    core.handle({ type: 'loaded', served: 't~x~1', riseBytes: null }, 2);
    expect(core.handle({ type: 'done', served: 't~x~1' }, 3)).toMatchObject([{ type: 'unload', served: 't~x~1' }]);
  });
});

describe('failures', () => {
  it('are tried again ever more seldom, and at once when the files change', () => {
    const core = new AgentCore(0);
    core.handle({ type: 'held', asked: new Map(), entries: [], files: [] }, 0);
    let at = 0;
    const waits: number[] = [];
    core.handle({ type: 'table', table: tableOf([a], 100) }, 0);
    for (let i = 0; i < 5; i += 1) {
      core.handle({ type: 'fetch-failed', served: a.served, reason: 'no' }, at);
      const failedAt = at;
      while (core.handle({ type: 'tick' }, at).length === 0) at += 500;
      waits.push(at - failedAt);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
    core.handle({ type: 'fetch-failed', served: a.served, reason: 'no' }, at);
    const changed = { ...a, storageUri: 'file:///elsewhere' };
    expect(core.handle({ type: 'table', table: tableOf([changed], 100) }, at)).toMatchObject([{ type: 'fetch' }]);
  });
});

describe('what routers are told', () => {
  it('is what changed since they asked, or everything', () => {
    const { core, table, heard } = coreWith([a, b]);
    const seen = core.revision;
    expect(core.reports(seen)).toEqual({ full: false, models: [] });
    table([a], 1000);
    expect(core.reports(seen).models.map(({ served, state }) => [served, state])).toEqual([['t~b~1', 'leaving']]);
    heard('r', 1000, ['t~b~1']);
    expect(core.reports(seen).models.map(({ served, state }) => [served, state])).toEqual([['t~b~1', 'gone']]);
    expect(core.reports(0).models.map(({ served }) => served)).toEqual(['t~a~1']);
    expect(core.reports(core.revision + 1).full).toBe(true);
  });
});
