import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { parseSyncRequest } from '../../src/protocol/agent-api';
import { FakeAgent } from '../../test/mesh/control/fake-agent';
import type { FleetPod } from './fleet-files';

/**
 * The agents and model servers of all pods in one process: a pod is known by the loopback address it is asked at. Agents
 * behave as promised in `src/protocol/agent-api.ts`; model servers answer 200 for a model that their agent holds, and 404.
 */
export type AgentsCommand =
  /** Answered with the ports. */
  | { readonly type: 'listen' }
  /** Agents hold all that the tables of the directory say. Answered with true. */
  | { readonly type: 'load'; readonly directory: string; readonly pods: readonly FleetPod[]; readonly tell: boolean };

export interface AgentsPorts {
  readonly agent: number;
  readonly http: number;
}

/** Where `tell`: an agent has just said that a model is ready. */
export interface Reported {
  readonly served: string;
  readonly pod: string;
  /** Of `process.hrtime`, in milliseconds: the same clock for all processes of a machine. */
  readonly atMs: number;
}

const loadMs = 20;

class Pod {
  readonly agent: FakeAgent;
  private readonly wakers = new Set<() => void>();
  private unreported: string[] = [];

  constructor(pod: FleetPod, parts: Readonly<Record<string, string>>) {
    // A router of long ago has brought the table that the pod has mounted.
    const then = performance.now() - 100_000;
    this.agent = new FakeAgent(pod.pod, pod.shard, `${pod.pod}-1`, 1_000_000, then, () => undefined);
    const mounted = { router: 'mounted', since: 0, instance: null, waitMs: 0, released: [], routed: false };
    this.agent.handle(JSON.stringify({ ...mounted, table: { revision: 1, parts } }), then);
    for (const served of this.agent.models.keys()) this.agent.finishLoad(served, false);
  }

  async sync(text: string, alive: () => boolean): Promise<string | null> {
    const { agent } = this;
    const asked = parseSyncRequest(text);
    const before = agent.revision;
    let answer = agent.handle(text, performance.now());
    if (agent.revision !== before) this.wake();
    if (asked.table !== undefined) setTimeout(() => this.finishLoads(), loadMs);
    if (asked.instance === agent.instance && agent.revision <= asked.since) {
      await this.news(asked.waitMs);
      if (!alive()) return null;
      answer = agent.handle(text, performance.now());
    }
    return answer;
  }

  /** What the answer that is being sent reports for the first time. */
  reported(): readonly string[] {
    return this.unreported.splice(0);
  }

  private finishLoads(): void {
    const { agent } = this;
    for (const [served, { state }] of agent.models) {
      if (state !== 'loading') continue;
      agent.finishLoad(served, false);
      this.unreported.push(served);
    }
    this.wake();
  }

  private news(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.wakers.add(done);
    });
  }

  private wake(): void {
    for (const waker of [...this.wakers]) waker();
  }
}

let tell = false;
const pods = new Map<string, Pod>();

async function answerSync(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pod = pods.get(request.socket.localAddress ?? '');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (pod === undefined || request.url !== '/v1/sync') {
    response.statusCode = 404;
    response.end();
    return;
  }
  const answer = await pod.sync(Buffer.concat(chunks).toString('utf8'), () => !response.destroyed);
  if (answer === null) return;
  response.end(answer);
  if (!tell) return;
  const atMs = Number(process.hrtime.bigint()) / 1e6;
  for (const served of pod.reported()) process.send?.({ served, pod: pod.agent.pod, atMs } satisfies Reported);
}

const agents = createHttpServer((request, response) => {
  answerSync(request, response).catch(() => response.destroy());
});
agents.keepAliveTimeout = 60_000;

const servers = createServer({ noDelay: true }, (socket) => {
  const at = socket.localAddress ?? '';
  const pod = pods.get(at);
  const body = JSON.stringify({ at });
  const head = `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  // Envoy sends one request at a time on a connection, here always in one piece.
  socket.on('data', (chunk) => {
    const served = /^POST \/v2\/models\/([^/ ]+)\/infer /.exec(chunk.toString('latin1'))?.[1];
    const holds = served !== undefined && pod?.agent.holds(served) === true;
    socket.write(`HTTP/1.1 ${holds ? '200 OK' : '404 Not Found'}\r\n${head}`);
  });
  socket.on('error', () => undefined);
});

function load({ directory, pods: list, ...more }: Extract<AgentsCommand, { type: 'load' }>): void {
  tell = more.tell;
  for (const pod of list) {
    const file = 'models-0.jsonl';
    const text = readFileSync(join(directory, 'shards', pod.shard, file), 'utf8');
    pods.set(pod.address, new Pod(pod, { [file]: text }));
  }
}

const listen = (server: Server): Promise<number> =>
  new Promise((done) => server.listen(0, '0.0.0.0', 4096, () => done((server.address() as { port: number }).port)));

process.on('message', async (command: AgentsCommand) => {
  if (command.type === 'load') {
    load(command);
    process.send?.(true);
    return;
  }
  process.send?.({ agent: await listen(agents), http: await listen(servers) } satisfies AgentsPorts);
});
process.on('disconnect', () => process.exit(0));
