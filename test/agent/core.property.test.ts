import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentCore } from '../../src/agent/core/agent-core';
import type { CoreAction, CoreEvent } from '../../src/agent/core/events';
import type { ModelTableEntry } from '../../src/render/model-table';
import { entry, tableOf } from './support/tables';

/** A server, a disk and routers, as simple as they can be; effects end when the test says so, well or badly. */
class World {
  now = 0;
  readonly core: AgentCore;
  readonly server = new Map<string, ModelTableEntry>();
  /** Files by model and address. */
  readonly disk = new Map<string, Map<string, ModelTableEntry>>();
  readonly pending: CoreAction[] = [];
  readonly routers = new Map<
    string,
    { since: number; routes: Map<string, 'direct' | 'proxy'>; released: Set<string> }
  >();
  readonly inFlight: string[] = [];
  /** As each model was declared last. */
  readonly declared = new Map<string, ModelTableEntry>();
  serverUp = true;

  constructor(
    readonly capacity: number,
    readonly diskCapacity: number,
  ) {
    this.core = new AgentCore(0);
  }

  send(event: CoreEvent): void {
    for (const action of this.core.handle(event, this.now)) this.take(action);
  }

  private take(action: CoreAction): void {
    if (action.type === 'settled') {
      if (action.outcome.kind !== 'ready') return;
      for (let i = 0; i < action.outcome.requests; i += 1) this.inFlight.push(action.served);
      return;
    }
    if (action.type === 'discard') {
      expect(this.pending.map(({ served }) => served)).not.toContain(action.served);
      const kept = action.keep.map(({ storageUri }) => storageUri);
      const files = this.disk.get(action.served) ?? new Map<string, ModelTableEntry>();
      for (const uri of files.keys()) if (!kept.includes(uri)) files.delete(uri);
      return;
    }
    if (action.type === 'unload') {
      expect(this.routedDirectly(action.served), `${action.served} is unloaded while routed`).toEqual([]);
      expect(this.inFlight).not.toContain(action.served);
    }
    this.pending.push(action);
    if (action.type === 'fetch' || action.type === 'load') this.expectRoom();
  }

  private routedDirectly(served: string): string[] {
    return [...this.routers].filter(([, { routes }]) => routes.get(served) === 'direct').map(([name]) => name);
  }

  /** What is held and what is on its way never exceeds the capacity. */
  private expectRoom(): void {
    let used = 0;
    for (const model of this.server.values()) used += model.size.memoryBytes;
    const starting = new Set(this.pending.filter(({ type }) => type === 'fetch' || type === 'load'));
    for (const action of starting) if ('entry' in action) used += action.entry.size.memoryBytes;
    expect(used).toBeLessThanOrEqual(this.capacity);
    const files = this.allFiles();
    const bytes = [...files.values()].reduce((sum, model) => sum + model.size.diskBytes, 0);
    expect(bytes).toBeLessThanOrEqual(this.diskCapacity);
  }

  /** On the disk, or on the way there. */
  allFiles(): ReadonlyMap<string, ModelTableEntry> {
    const there = [...this.disk.values()].flatMap((files) => [...files.values()]);
    const coming = this.pending.flatMap((action) => (action.type === 'fetch' ? action.entry : []));
    return new Map([...coming, ...there].map((model) => [`${model.served} ${model.storageUri}`, model]));
  }

  finish(i: number, well: boolean): void {
    const [action] = this.pending.splice(i % Math.max(1, this.pending.length), 1);
    if (action === undefined) return;
    const { served } = action as { served: string };
    if (action.type === 'fetch') {
      const files = this.disk.get(served) ?? new Map<string, ModelTableEntry>();
      if (well) this.disk.set(served, files.set(action.entry.storageUri, action.entry));
      this.send(well ? { type: 'fetched', served } : { type: 'fetch-failed', served, reason: 'no network' });
    } else if (action.type === 'load') {
      const done = well && this.serverUp;
      if (done) {
        const files = this.disk.get(served)?.get(action.entry.storageUri);
        expect(files, `${served} is loaded from what is there`).toBeDefined();
        this.disk.set(served, new Map(files === undefined ? [] : [[files.storageUri, files]]));
        const now = this.declared.get(served);
        this.server.set(served, now?.storageUri === action.entry.storageUri ? now : action.entry);
      }
      this.send(
        done
          ? { type: 'loaded', served, riseBytes: null }
          : { type: 'load-failed', served, reason: 'broken', kept: this.server.has(served) },
      );
    } else if (action.type === 'unload') {
      if (well) this.server.delete(served);
      this.send(well ? { type: 'unloaded', served } : { type: 'unload-failed', served, reason: 'busy' });
    }
  }

  setTable(models: readonly ModelTableEntry[]): void {
    for (const model of models) {
      this.declared.set(model.served, model);
      if (this.server.get(model.served)?.storageUri === model.storageUri) this.server.set(model.served, model);
    }
    this.send({ type: 'table', table: tableOf(models, this.capacity, this.diskCapacity) });
  }

  /** A router syncs: takes the news, routes to what is ready, lets go of what is not, and says so the next time. */
  sync(name: string): void {
    const router = this.routers.get(name) ?? { since: 0, routes: new Map(), released: new Set() };
    this.routers.set(name, router);
    const { since } = router;
    this.send({ type: 'heard', router: name, since, released: [...router.released], routed: router.routes.size > 0 });
    const { full, models } = this.core.reports(since);
    const told = new Set(models.map(({ served }) => served));
    if (full) for (const served of router.routes.keys()) if (!told.has(served)) router.routes.delete(served);
    for (const { served, state, residency } of models) {
      router.released.delete(served);
      if (state === 'ready') {
        if (residency === 'resident') expect(this.server.has(served) || !this.serverUp).toBe(true);
        router.routes.set(served, residency === 'resident' ? 'direct' : 'proxy');
      } else {
        router.routes.delete(served);
        if (state === 'leaving') router.released.add(served);
      }
    }
    router.since = this.core.revision;
  }

  leave(name: string): void {
    this.routers.delete(name);
    this.send({ type: 'left', router: name });
  }

  restartServer(): void {
    this.serverUp = false;
    this.server.clear();
    this.send({ type: 'server-lost' });
    // Routers see that the pod does not serve: by the same sync, or by the connection.
    for (const { routes } of this.routers.values()) routes.clear();
    for (const router of this.routers.values()) router.since = 0;
  }

  serverBack(): void {
    if (this.serverUp) return;
    this.serverUp = true;
    this.send({ type: 'held', asked: this.core.quiet(), entries: [...this.server.values()], files: [] });
  }

  /** Whether a request for an on-demand model is let in while nobody else asks for anything. */
  admits(served: string): boolean {
    this.send({ type: 'demand', served });
    for (let round = 0; round < 8; round += 1) {
      while (this.pending.length > 0) this.finish(0, true);
      this.now += 500;
      this.send({ type: 'tick' });
    }
    const admitted = this.inFlight.includes(served);
    while (this.inFlight.length > 0) this.send({ type: 'done', served: this.inFlight.pop() ?? '' });
    return admitted;
  }

  /** Everybody does their part, and nothing fails any more. */
  settle(): void {
    this.serverBack();
    for (let round = 0; round < 60; round += 1) {
      this.now += 20_000;
      for (const name of this.routers.keys()) this.sync(name);
      while (this.inFlight.length > 0) this.send({ type: 'done', served: this.inFlight.pop() ?? '' });
      while (this.pending.length > 0) this.finish(0, true);
      this.send({ type: 'tick' });
    }
  }
}

const names = ['a', 'b', 'c', 'd', 'e'];
const anyEntry = fc.record({
  name: fc.constantFrom(...names),
  size: fc.integer({ min: 1, max: 5 }),
  residency: fc.constantFrom('resident' as const, 'on-demand' as const),
  uri: fc.constantFrom('file:///1', 'file:///2'),
});
/** The same files are of one size. */
const withDisk = anyEntry.map((model) => ({
  ...model,
  disk: (names.indexOf(model.name) + Number(model.uri.at(-1))) % 6,
}));
const anyTable = fc.uniqueArray(withDisk, { selector: ({ name }) => name, maxLength: 5, size: 'max' });

type Step = (world: World) => void;
const steps = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: anyTable.map(
        (models): Step =>
          (world) =>
            world.setTable(models.map((model) => entry(model))),
      ),
    },
    {
      weight: 8,
      arbitrary: fc.tuple(fc.nat(7), fc.integer({ min: 1, max: 5 })).map(
        ([i, luck]): Step =>
          (world) =>
            world.finish(i, luck > 1),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom('r1', 'r2').map(
        (name): Step =>
          (world) =>
            world.sync(name),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('r1', 'r2').map(
        (name): Step =>
          (world) =>
            world.leave(name),
      ),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(...names).map(
        (name): Step =>
          (world) =>
            world.send({ type: 'demand', served: `t~${name}~1` }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.nat(9).map(
        (i): Step =>
          (world) => {
            const [served] = world.inFlight.splice(i % Math.max(1, world.inFlight.length), 1);
            if (served !== undefined) world.send({ type: 'done', served });
          },
      ),
    },
    {
      weight: 3,
      arbitrary: fc.integer({ min: 1, max: 8000 }).map(
        (ms): Step =>
          (world) => {
            world.now += ms;
            for (const router of world.routers.keys()) world.sync(router);
            world.send({ type: 'tick' });
          },
      ),
    },
    { weight: 1, arbitrary: fc.constant<Step>((world) => world.restartServer()) },
    { weight: 2, arbitrary: fc.constant<Step>((world) => world.serverBack()) },
  ),
  { minLength: 20, maxLength: 120, size: 'max' },
);

describe('the core of the agent', () => {
  it('never unloads a routed model, never takes more than there is, and ends at what the table wants', () => {
    fc.assert(
      fc.property(steps, anyTable, (taken, last) => {
        const world = new World(12, 12);
        world.send({ type: 'held', asked: new Map(), entries: [], files: [] });
        for (const one of taken) one(world);
        const models = last.map((model) => entry(model));
        world.setTable(models);
        const residents = models.filter(({ residency }) => residency === 'resident');
        // A copy of changed files needs room beside the old one: where all of them fit together, all must come.
        const served = new Set(residents.map((model) => model.served));
        const coming = world.pending.flatMap((action) =>
          'entry' in action && action.type !== 'unload' ? action.entry : [],
        );
        const old = [...world.server.values(), ...coming].filter((model) => served.has(model.served));
        const room = [...residents, ...old].reduce((sum, model) => sum + model.size.memoryBytes, 0);
        const wantedFiles = residents.map((model) => [`${model.served} ${model.storageUri}`, model] as const);
        const files = new Map([
          ...wantedFiles,
          ...[...world.allFiles()].filter(([, model]) => served.has(model.served)),
        ]);
        const disk = [...files.values()].reduce((sum, model) => sum + model.size.diskBytes, 0);
        world.settle();
        const held = [...world.server.keys()];
        const wanted = new Set(models.map(({ served }) => served));
        expect(held.filter((served) => !wanted.has(served))).toEqual([]);
        if (room <= world.capacity && disk <= world.diskCapacity) {
          for (const { served, storageUri } of residents) {
            expect(world.server.get(served)?.storageUri, `${served} is there as wanted`).toBe(storageUri);
          }
        }
        const states = new Map(world.core.reports(0).models.map(({ served, state }) => [served, state]));
        expect(new Set(states.keys())).toEqual(wanted);
        for (const { served, residency } of models) {
          const state = states.get(served);
          if (residency === 'resident') expect(state).toBe(world.server.has(served) ? 'ready' : 'failed');
          else expect(state).toBe('ready');
        }
        const always = residents.reduce((sum, model) => sum + model.size.memoryBytes, 0);
        const alwaysDisk = residents.reduce((sum, model) => sum + model.size.diskBytes, 0);
        if (room > world.capacity || disk > world.diskCapacity) return;
        for (const { served, residency, size } of models) {
          if (residency === 'resident') continue;
          if (always + size.memoryBytes > world.capacity || alwaysDisk + size.diskBytes > world.diskCapacity) continue;
          expect(world.admits(served), `${served} is loaded when it is asked for`).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
