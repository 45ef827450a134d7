import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import type { RouteSink, RouteState } from '../route-state';
import { type ClusterLimits, defaultLimits } from './clusters';
import { listScope } from './listing';
import { protos } from './protos';
import { fixedResource, type Published, publish } from './published';
import { holderName, type ScopeKeying } from './scopes';
import { serverMethods } from './server-methods';
import { StepPlanner } from './steps';
import { type DeltaRequest, EnvoyRefusal, XdsStream } from './stream';
import { serverTable, serverTableResource } from './tables';

/** What happens between the server and Envoys; for logs and metrics. */
export type XdsEvent =
  | { readonly type: 'connected' | 'disconnected' | 'synced'; readonly node: string }
  | { readonly type: 'refused'; readonly node: string; readonly reason: string };

export interface XdsServerOptions {
  /** Path of the UNIX socket; a socket that a dead server left there is replaced. */
  readonly socketPath: string;
  /** Must agree with the Envoys' bootstrap: `tenant-and-name` when callers are authenticated. */
  readonly keying: ScopeKeying;
  readonly limits?: ClusterLimits;
  /** How long an Envoy may take to acknowledge a step, in milliseconds (default 30,000). */
  readonly ackTimeoutMs?: number;
  /** Shown to gRPC clients that ask for the server's metadata. */
  readonly version?: string;
  readonly onEvent?: (event: XdsEvent) => void;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * A delta ADS server for the Envoys of this router. Nothing is answered before the first `apply`.
 *
 * `apply` resolves when every connected Envoy holds the state; while none is connected it waits for the first one
 * that does, since an Envoy that lost its stream still routes by what it last heard. States that arrive while one is
 * being pushed are merged: the newest wins, and all their promises resolve with it. It rejects with an EnvoyRefusal
 * that carries Envoy's reason; the refused Envoy is made to start afresh at the next `apply`.
 */
export async function createXdsServer(options: XdsServerOptions): Promise<RouteSink & { close(): Promise<void> }> {
  const grpc = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
  const { socketPath, keying, limits = defaultLimits, ackTimeoutMs = 30_000, onEvent = () => undefined } = options;
  const published: Published = {
    clusters: new Map(),
    endpoints: new Map(),
    tables: new Map([[serverTable, fixedResource(serverTableResource())]]),
    scopes: new Map([
      [holderName(serverTable), serverTable],
      [listScope, serverTable],
    ]),
  };
  const planner = new StepPlanner(limits);
  const synced = new Set<XdsStream>();
  let next: RouteState | null = null;
  let waiting: Waiter[] = [];
  /** Published, but held by no Envoy yet. */
  let unheard: Waiter[] = [];
  let closed = false;

  // One thing at a time: a push to all, or one stream's catching up.
  let tail = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    tail = tail.then(work, work);
  };
  let firstState: () => void = () => undefined;
  const hasState = new Promise<void>((resolve) => {
    firstState = resolve;
  });

  const push = async () => {
    const state = next;
    const waiters = waiting;
    next = null;
    waiting = [];
    if (state === null) return;
    const failures: Error[] = [];
    const streams = [...synced].filter((stream) => {
      if (stream.refused) {
        stream.end();
        synced.delete(stream);
      }
      return !stream.refused;
    });
    try {
      for (const step of planner.plan(state, published)) {
        publish(published, step);
        await Promise.all(
          streams.map((stream) =>
            stream.closed || stream.refused
              ? undefined
              : stream.push(step, ackTimeoutMs).catch((error: Error) => {
                  if (!stream.closed) failures.push(error);
                }),
          ),
        );
      }
    } catch (error) {
      failures.push(error as Error);
    }
    firstState();
    const [failure] = failures;
    if (failure !== undefined) for (const waiter of waiters) waiter.reject(failure);
    else if (streams.some((stream) => !stream.closed)) for (const waiter of waiters) waiter.resolve();
    else unheard.push(...waiters);
  };

  const catchUp = async (stream: XdsStream) => {
    if (stream.closed) return;
    try {
      await stream.catchUp(ackTimeoutMs);
    } catch (error) {
      if (!stream.closed) {
        const reason = (error as Error).message;
        for (const waiter of unheard.splice(0)) waiter.reject(error as Error);
        if (!stream.refused) onEvent({ type: 'refused', node: stream.node, reason });
        stream.refused = true;
        synced.add(stream);
      }
      return;
    }
    synced.add(stream);
    onEvent({ type: 'synced', node: stream.node });
    for (const waiter of unheard.splice(0)) waiter.resolve();
  };

  const accept = (call: ServerDuplexStream<DeltaRequest, Buffer>) => {
    const refused = (reason: string) => onEvent({ type: 'refused', node: stream.node, reason });
    const stream = new XdsStream(call, published, keying, refused);
    let known = false;
    call.on('data', (request: DeltaRequest) => {
      stream.receive(request);
      if (known) return;
      known = true;
      onEvent({ type: 'connected', node: stream.node });
      void hasState.then(() => inTurn(() => catchUp(stream)));
    });
    const over = () => {
      if (stream.closed) return;
      stream.close();
      synced.delete(stream);
      onEvent({ type: 'disconnected', node: stream.node });
      call.end();
    };
    for (const event of ['end', 'error', 'cancelled']) call.on(event, over);
  };

  const server = new grpc.Server({
    // A reconnecting Envoy names all it holds in one message.
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  const { ads } = protos();
  const delta = ads.DeltaAggregatedResources;
  if (delta === undefined) throw new TypeError('the ADS service has no delta method');
  server.addService(
    { DeltaAggregatedResources: { ...delta, responseSerialize: (bytes: Buffer) => bytes } },
    { DeltaAggregatedResources: accept },
  );
  const { service, answers } = serverMethods(options.version ?? '0', () => synced.size > 0);
  server.addService(service, answers);
  await listen(server, socketPath, grpc.ServerCredentials.createInsecure());

  return {
    apply: (state) =>
      new Promise<void>((resolve, reject) => {
        if (closed) return reject(new EnvoyRefusal('the xDS server is closed'));
        waiting.push({ resolve, reject });
        if (next === null) inTurn(push);
        next = state;
      }),
    close: async () => {
      closed = true;
      for (const waiter of [...waiting.splice(0), ...unheard.splice(0)])
        waiter.reject(new EnvoyRefusal('the xDS server was closed'));
      server.forceShutdown();
      unheard = [];
    },
  };
}

function listen(server: Server, path: string, credentials: import('@grpc/grpc-js').ServerCredentials): Promise<void> {
  if (existsSync(path) && lstatSync(path).isSocket()) unlinkSync(path);
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, credentials, (error) => (error === null ? resolve() : reject(error)));
  });
}
