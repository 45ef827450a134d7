import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSyncRequest, type SyncRequest } from '../../../src/protocol/agent-api';
import { FakeAgent } from '../control/fake-agent';

let instances = 0;

/** A FakeAgent behind real HTTP, with long polls; it loads by itself. */
export class AgentServer {
  agent: FakeAgent;
  readonly requests: SyncRequest[] = [];
  /** Takes requests and answers none. */
  hangs = false;
  loads = true;
  private readonly server: Server;
  private readonly loader: NodeJS.Timeout;
  port = 0;

  constructor(
    readonly pod: string,
    readonly shard: string,
    private readonly token: string | null = null,
  ) {
    this.agent = this.newAgent();
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
    this.loader = setInterval(() => {
      this.agent.unload(performance.now());
      if (this.loads) for (const served of this.agent.models.keys()) this.agent.finishLoad(served, false);
    }, 20);
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((done) => this.server.listen(port, '127.0.0.1', done));
    this.port = (this.server.address() as { port: number }).port;
    return this;
  }

  restart(): void {
    this.agent = this.newAgent();
  }

  async close(): Promise<void> {
    clearInterval(this.loader);
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private newAgent(): FakeAgent {
    return new FakeAgent(this.pod, this.shard, `instance-${++instances}`, 1000, performance.now(), () => undefined);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.token !== null && request.headers.authorization !== `Bearer ${this.token}`) {
      response.statusCode = 401;
      response.end('no');
      return;
    }
    if (this.hangs) return;
    const text = Buffer.concat(chunks).toString('utf8');
    const asked = parseSyncRequest(text);
    this.requests.push(asked);
    const { agent } = this;
    let answer = agent.handle(text, performance.now());
    const until = performance.now() + asked.waitMs;
    const news = () => agent !== this.agent || asked.instance !== agent.instance || agent.revision > asked.since;
    while (!news() && performance.now() < until && !response.destroyed) await sleep(5);
    if (response.destroyed) return;
    answer = this.agent.handle(text, performance.now());
    response.end(answer);
  }
}
