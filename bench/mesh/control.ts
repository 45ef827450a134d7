import type { ModelRoute, RouteState } from '../../src/mesh/route-state';
import { createXdsServer } from '../../src/mesh/xds/server';

/** What the benchmark asks of the xDS server, which runs in a process of its own so that its memory is its own. */
export type Command =
  | {
      readonly type: 'start';
      readonly socketPath: string;
      readonly models: number;
      readonly shards: number;
      /** Pods of each group: its own, and those of other groups, as in layout `copies`. */
      readonly copies: number;
      readonly port: number;
      readonly moved: number;
    }
  /** Moves so many models, from `from` on, one shard further. */
  | { readonly type: 'move'; readonly from: number; readonly count: number };

export interface Reply {
  readonly ms: number;
  readonly rssBytes: number;
  /** Of the process so far. */
  readonly cpuMs: number;
}

export const modelName = (i: number): string => `model-${`${i}`.padStart(7, '0')}`;
/** Of the pods of a group. */
export const podsOf = (shard: number, shards: number, copies: number): readonly number[] => [
  ...new Set(Array.from({ length: copies }, (_, i) => (shard + i * 389) % shards)),
];
export const shardAddress = (shard: number): string => `127.1.${shard >> 8}.${shard & 255}`;
/** Neighbours by name are on different shards. */
export const shardOf = (model: number, shards: number, moved: number): number => (model * 7919 + moved) % shards;

let state: RouteState = { routes: [], shards: [] };
let moves: Uint16Array = new Uint16Array(0);
let sink: Awaited<ReturnType<typeof createXdsServer>> | null = null;

function route(model: number): ModelRoute {
  const name = modelName(model);
  const shard = `s${shardOf(model, state.shards.length, moves[model] ?? 0)}`;
  return { tenant: 'default', name, served: `default~${name}~1`, shard, residency: 'resident', timeoutMs: 30_000 };
}

async function obey(command: Command): Promise<Reply> {
  const started = process.hrtime.bigint();
  if (command.type === 'start') {
    const { models, shards, copies, port, moved, socketPath } = command;
    const pods = Array.from({ length: shards }, (_, i) => {
      return {
        pod: `p${i}`,
        shard: `s${i}`,
        address: shardAddress(i),
        http: port,
        grpc: null,
        proxy: port,
        zone: null,
      };
    });
    moves = new Uint16Array(models).fill(0).map((_, i) => (i < moved ? 1 : 0));
    state = {
      routes: [],
      shards: Array.from({ length: shards }, (_, i) => ({
        shard: `s${i}`,
        protocols: ['v2-rest'],
        pods: podsOf(i, shards, copies).map((pod) => pods[pod] as (typeof pods)[number]),
      })),
    };
    state = { ...state, routes: Array.from({ length: models }, (_, i) => route(i)) };
    sink = await createXdsServer({ socketPath, keying: 'name', ackTimeoutMs: 120_000 });
  } else {
    const routes = [...state.routes];
    for (let i = command.from; i < command.from + command.count; i++) {
      moves[i] = (moves[i] ?? 0) + 1;
      routes[i] = route(i);
    }
    state = { ...state, routes };
  }
  await sink?.apply(state);
  const { user, system } = process.cpuUsage();
  return {
    ms: Number(process.hrtime.bigint() - started) / 1e6,
    rssBytes: process.memoryUsage().rss,
    cpuMs: (user + system) / 1000,
  };
}

process.on('message', (command: Command) => {
  void obey(command).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
