/**
 * The control of meshd alone, at 100,000 models on 1,000 shards with two pods each: from the agents' reports to the first
 * route state, one model's change, and a tenth of all models moved. `npx tsx bench/mesh-control.ts [models] [shards]`
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Control } from '../src/mesh/control/control';
import type { ControlAction, ControlEvent } from '../src/mesh/control/events';
import { defaultControlOptions } from '../src/mesh/control/options';
import type { ModelReport, SyncResponse } from '../src/protocol/agent-api';
import { entry, sourcePod, sourceTable } from '../test/mesh/control/tables';

const models = Number(process.argv[2] ?? 100_000);
const shards = Number(process.argv[3] ?? 1_000);

// In the order of the tables, and so of what agents report.
const keys = Array.from({ length: models }, (_, i) => `default/model-${i}@1`).sort();
const placed = Array.from({ length: shards }, (_, s) => keys.filter((_, i) => i % shards === s));
const revisions = new Map<string, number>();
let now = 0;
let push = 0;

function table(shard: number, revision: number): ControlEvent {
  const list = (placed[shard] ?? []).map((key) => entry(key)).sort((a, b) => (a.model < b.model ? -1 : 1));
  return { type: 'table-changed', shard: `s${shard}`, table: sourceTable(`s${shard}`, revision, list) };
}

function report(shard: number, replica: string, list: readonly ModelReport[]): ControlEvent {
  const pod = `s${shard}-${replica}`;
  const since = revisions.get(pod) ?? 0;
  revisions.set(pod, since + 1);
  const response: SyncResponse = {
    pod,
    shard: `s${shard}`,
    instance: pod,
    revision: since + 1,
    serving: true,
    tableDigest: null,
    tableRevision: 0,
    tableProblem: null,
    full: since === 0,
    models: list,
  };
  return {
    type: 'agent-report',
    pod,
    asked: { instance: since === 0 ? null : pod, since, tableDigest: null },
    response,
  };
}

function reported(key: string, state: ModelReport['state']): ModelReport {
  const served = key.replace('/', '~').replace('@', '~');
  return { model: key, served, state, residency: 'resident', reason: null, memoryBytes: 1000, declaredBytes: 1000 };
}

const control = new Control(defaultControlOptions);
const step = (event: ControlEvent): readonly ControlAction[] => control.step(event);

function timed<T>(what: string, run: () => T): T {
  const start = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(cpu);
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  console.log(`${what}: ${wall.toFixed(1)} ms (${((user + system) / 1000).toFixed(1)} ms of CPU)`);
  return result;
}

function pushed(): number {
  now += 100;
  const state = step({ type: 'tick', nowMs: now }).find((action) => action.type === 'push');
  if (state?.type !== 'push') throw new Error('nothing was pushed');
  push = state.push;
  step({ type: 'routes-acked', push });
  return state.state.routes.length;
}

const tables = placed.map((_, s) => table(s, 1));
const pods = placed.flatMap((_, s) => ['x', 'y'].map((replica) => sourcePod(`s${s}-${replica}`, `s${s}`)));
const reports = placed.flatMap((list, s) =>
  ['x', 'y'].map((replica) => {
    const states = list.map((key) => reported(key, 'ready'));
    // Each report with strings of its own, as from the wire.
    return report(s, replica, JSON.parse(JSON.stringify(states)) as readonly ModelReport[]);
  }),
);
timed('tables and pods', () => {
  for (const event of tables) step(event);
  for (const pod of pods) step({ type: 'pod-changed', revision: 1, pod });
  step({ type: 'source-synced' });
});
const names = timed('all reports to the first route state', () => {
  for (const event of reports) step(event);
  return pushed();
});
now += 100;
step({ type: 'tick', nowMs: now });

const first = placed[0]?.[0] ?? '';
timed('one model moved: tables, reports, route state', () => {
  placed[0] = placed[0]?.slice(1) ?? [];
  placed[1] = [...(placed[1] ?? []), first];
  step(table(0, 2));
  step(table(1, 2));
  for (const replica of ['x', 'y']) step(report(1, replica, [reported(first, 'ready')]));
  return pushed();
});
now += 100;
step({ type: 'tick', nowMs: now });

const moved = placed.map((list) => list.slice(0, Math.floor(list.length / 10)));
const next = placed.map((list, s) => [...list.slice(moved[s]?.length), ...(moved[(s + 1) % shards] ?? [])]);
const events = next.flatMap((list, s) => {
  placed[s] = list;
  const arrived = (moved[(s + 1) % shards] ?? []).map((key) => reported(key, 'ready'));
  return [table(s, 3), report(s, 'x', arrived), report(s, 'y', arrived)];
});
timed('a tenth of all models moved', () => {
  for (const event of events) step(event);
  return pushed();
});

// What is left is the control's: its records, the tables, the last reports of each pod.
reports.length = 0;
tables.length = 0;
events.length = 0;
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
const { heapUsed, rss } = process.memoryUsage();
console.log(`names: ${names}; heap ${(heapUsed / 1e6).toFixed(0)} MB, RSS ${(rss / 1e6).toFixed(0)} MB`);
