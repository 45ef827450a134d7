import type { ModelRoute, RouteState } from '../../src/mesh/route-state';
import { createXdsServer } from '../../src/mesh/xds/server';
import { modelName, podAddress, podsOf, type Sizes, shardOf } from './topology';

/** What the benchmark asks of the xDS server, which runs in a process of its own so that its memory is its own. */
export type Command =
  | {
      readonly type: 'start';
      readonly socketPath: string;
      readonly sizes: Sizes;
      readonly protocol: 'v2-rest' | 'v2-grpc';
      /** Of all pods. */
      readonly port: number;
      /** So many models, from the first on, are one shard further already. */
      readonly moved: number;
    }
  /** Moves so many models, from `from` on, one shard further. */
  | { readonly type: 'move'; readonly from: number; readonly count: number }
  /** One model more, after the last. */
  | { readonly type: 'add' };

export interface Reply {
  readonly rssBytes: number;
  /** Of the process so far. */
  readonly cpuMs: number;
}

let state: RouteState = { routes: [], shards: [] };
let moves = new Uint16Array(0);
const roomForMore = 1000;
let sink: Awaited<ReturnType<typeof createXdsServer>> | null = null;

function route(model: number): ModelRoute {
  const name = modelName(model);
  const shard = `s${shardOf(model, state.shards.length, moves[model] ?? 0)}`;
  return { tenant: 'default', name, served: `default~${name}~1`, shard, residency: 'resident', timeoutMs: 30_000 };
}

async function obey(command: Command): Promise<Reply> {
  if (command.type === 'start') {
    const { sizes, port, moved, socketPath, protocol } = command;
    const pods = Array.from({ length: sizes.shards }, (_, i) => {
      return {
        pod: `p${i}`,
        shard: `s${i}`,
        address: podAddress(i),
        http: port,
        grpc: port,
        proxy: port,
        zone: null,
      };
    });
    moves = new Uint16Array(sizes.models + roomForMore).fill(1, 0, moved);
    state = {
      routes: [],
      shards: Array.from({ length: sizes.shards }, (_, i) => ({
        shard: `s${i}`,
        protocols: [protocol],
        pods: podsOf(i, sizes).map((pod) => pods[pod] as (typeof pods)[number]),
      })),
    };
    state = { ...state, routes: Array.from({ length: sizes.models }, (_, i) => route(i)) };
    sink = await createXdsServer({ socketPath, keying: 'name', ackTimeoutMs: 300_000 });
  } else if (command.type === 'add') {
    state = { ...state, routes: [...state.routes, route(state.routes.length)] };
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
  return { rssBytes: process.memoryUsage().rss, cpuMs: (user + system) / 1000 };
}

process.on('message', (command: Command) => {
  obey(command).then(
    (reply) => process.send?.(reply),
    (error: Error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
