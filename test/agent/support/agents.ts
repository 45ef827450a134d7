import type { ServerAddress } from '../../../src/agent/adapters/adapter';
import { Agent } from '../../../src/agent/agent';
import type { AgentSettings } from '../../../src/agent/settings';
import type { ModelReport, SyncRequest, SyncResponse } from '../../../src/protocol/agent-api';
import { freePorts, until } from './parts';

export interface TestAgent {
  readonly agent: Agent;
  readonly origin: string;
  readonly proxy: string;
  readonly log: string[];
}

export async function startAgent(
  server: ServerAddress,
  modelTable: string,
  more: Partial<AgentSettings> = {},
): Promise<TestAgent> {
  const [own = 0, proxy = 0] = await freePorts(2);
  const { host, http, grpc, metrics, repository } = server;
  const log: string[] = [];
  const agent = new Agent(
    {
      fleet: 'test',
      shard: 's1',
      pod: 'p1',
      modelTable,
      adminToken: null,
      credentials: null,
      claims: '/nowhere',
      listen: { host, agent: own, proxy },
      server: { host, http, grpc, metrics, pid: null },
      repository,
      loadTimeoutMs: 30_000,
      fetchTimeoutMs: 30_000,
      demandWaitMs: 20_000,
      roomWaitMs: 5000,
      readyHoldMs: 1_800_000,
      probeSeconds: 20,
      ...more,
    },
    (level, message, fields) => log.push(JSON.stringify({ level, message, ...fields })),
  );
  await agent.start();
  return { agent, origin: `http://${host}:${own}`, proxy: `http://${host}:${proxy}`, log };
}

/** A router that routes to nothing, or keeps what it is told to keep. */
export class TestRouter {
  since = 0;
  instance: string | null = null;
  readonly models = new Map<string, ModelReport>();

  constructor(
    readonly name: string,
    readonly origin: string,
    private readonly token: string | null = null,
  ) {}

  async sync(more: Partial<SyncRequest> = {}): Promise<SyncResponse> {
    const request: SyncRequest = {
      router: this.name,
      since: this.since,
      instance: this.instance,
      waitMs: 500,
      released: [],
      routed: false,
      ...more,
    };
    const response = await fetch(`${this.origin}/v1/sync`, {
      method: 'POST',
      body: JSON.stringify(request),
      headers: this.token === null ? {} : { authorization: `Bearer ${this.token}` },
    });
    if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    const body = (await response.json()) as SyncResponse;
    if (body.full) this.models.clear();
    for (const model of body.models) this.models.set(model.served, model);
    this.since = body.revision;
    this.instance = body.instance;
    return body;
  }

  states(): Record<string, string> {
    return Object.fromEntries([...this.models.values()].map(({ served, state }) => [served, state]));
  }

  /** Syncs until the models are in these states, and others in none. */
  async see(states: Readonly<Record<string, string>>, more: Partial<SyncRequest> = {}): Promise<void> {
    const wanted = JSON.stringify(Object.entries(states).sort());
    await until(`models are ${wanted}, not ${JSON.stringify(this.states())}`, async () => {
      await this.sync(more);
      return JSON.stringify(Object.entries(this.states()).sort()) === wanted;
    });
  }
}
