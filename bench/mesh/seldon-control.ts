import type { ServerDuplexStream } from '@grpc/grpc-js';
import { type Any, protos } from '../../src/mesh/xds/protos';
import type { Reply } from './control';
import { clustersOf, endpointsOf, routesOf, routeTable } from './seldon-shape';
import { shardOf } from './topology';

/** What the benchmark asks of the server of the Seldon-shaped configuration. */
export type SeldonCommand =
  | {
      readonly type: 'start';
      readonly socketPath: string;
      readonly models: number;
      readonly pods: number;
      readonly port: number;
    }
  /** Moves one model, known by its number, to the next pod: its clusters' endpoints change. */
  | { readonly type: 'move'; readonly model: number }
  /** Adds a model: clusters, endpoints, and the route table anew. */
  | { readonly type: 'add' };

interface Asked {
  readonly type_url: string;
  readonly resource_names_subscribe?: readonly string[];
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string } | null;
}

const urls = {
  clusters: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  tables: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
};

let models = 0;
let pods = 1;
let port = 0;
const moves = new Map<number, number>();
const endpoints = new Map<string, Any>();
let stream: ServerDuplexStream<Asked, Buffer> | null = null;
let nonce = 0;
let version = 0;
/** Endpoints and tables that Envoy was told of, or will ask for, and has not acknowledged. */
const outstanding = new Set<string>();
let settled: () => void = () => undefined;

function send(url: string, resources: readonly (readonly [string, Any])[]): void {
  nonce++;
  version++;
  outstanding.add(`${nonce}`);
  const { serializeResponse } = protos();
  const parts = [serializeResponse({ type_url: url, nonce: `${nonce}` })];
  for (let i = 0; i < resources.length; i += 2000) {
    const slice = resources.slice(i, i + 2000);
    parts.push(
      serializeResponse({ resources: slice.map(([name, resource]) => ({ name, version: `${version}`, resource })) }),
    );
  }
  stream?.write(Buffer.concat(parts));
}

function receive(asked: Asked): void {
  if (asked.error_detail) throw new Error(`Envoy refused: ${asked.error_detail.message}`);
  const first = !(asked.response_nonce ?? '');
  if (!first) outstanding.delete(asked.response_nonce ?? '');
  const names = asked.resource_names_subscribe ?? [];
  if (asked.type_url === urls.clusters && first) {
    for (let model = 0; model < models; model++) for (const [name] of clustersOf(model)) outstanding.add(name);
    send(urls.clusters, Array.from({ length: models }, (_, model) => clustersOf(model)).flat());
  } else if (asked.type_url === urls.endpoints && names.length > 0) {
    for (const name of names) outstanding.delete(name);
    send(
      urls.endpoints,
      names.map((name) => [name, endpoints.get(name) as Any]),
    );
  } else if (asked.type_url === urls.tables && names.length > 0) {
    outstanding.delete(routeTable);
    send(urls.tables, [[routeTable, routesOf(models)]]);
  }
  if (outstanding.size === 0) settled();
}

function place(model: number): readonly (readonly [string, Any])[] {
  const list = endpointsOf(model, shardOf(model, pods, moves.get(model) ?? 0), port);
  for (const [name, resource] of list) endpoints.set(name, resource);
  return list;
}

async function obey(command: SeldonCommand): Promise<Reply> {
  const done = new Promise<void>((resolve) => {
    settled = resolve;
  });
  if (command.type === 'start') {
    ({ models, pods, port } = command);
    for (let model = 0; model < models; model++) place(model);
    outstanding.add(routeTable);
    await serve(command.socketPath);
  } else if (command.type === 'move') {
    moves.set(command.model, (moves.get(command.model) ?? 0) + 1);
    send(urls.endpoints, place(command.model));
  } else {
    place(models);
    const clusters = clustersOf(models);
    models++;
    // Clusters first, and their endpoints, which Envoy asks for.
    for (const [name] of clusters) outstanding.add(name);
    send(urls.clusters, clusters);
    await done;
    const tables = new Promise<void>((resolve) => {
      settled = resolve;
    });
    send(urls.tables, [[routeTable, routesOf(models)]]);
    await tables;
  }
  await done;
  const { user, system } = process.cpuUsage();
  return { rssBytes: process.memoryUsage().rss, cpuMs: (user + system) / 1000 };
}

async function serve(path: string): Promise<void> {
  const { Server, ServerCredentials } = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  const method = protos().ads.DeltaAggregatedResources;
  if (method === undefined) throw new TypeError('the ADS service has no delta method');
  const accept = (call: ServerDuplexStream<Asked, Buffer>) => {
    stream = call;
    call.on('data', receive);
    call.on('error', () => undefined);
    call.on('end', () => call.end());
  };
  const service = { DeltaAggregatedResources: { ...method, responseSerialize: (bytes: Buffer) => bytes } };
  server.addService(service, { DeltaAggregatedResources: accept });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

process.on('message', (command: SeldonCommand) => {
  obey(command).then(
    (reply) => process.send?.(reply),
    (error: Error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
