import { Agent as HttpAgent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentClient } from '../../../src/mesh/agent-client';
import type { AgentReportEvent, SyncOrder } from '../../../src/mesh/control/events';
import { entry, sourceTable } from '../control/tables';
import { AgentServer } from './agent-server';

let server: AgentServer;
let client: AgentClient | null;
let http: HttpAgent;
let reports: AgentReportEvent[];
let lost: number;
let failures: string[];

beforeEach(async () => {
  server = await new AgentServer('s1-0', 's1', 'secret').listen();
  http = new HttpAgent({ keepAlive: true });
  reports = [];
  failures = [];
  lost = 0;
  client = null;
});
afterEach(async () => {
  await client?.stop();
  http.destroy();
  await server.close();
});

function order(more: Partial<SyncOrder> = {}): SyncOrder {
  const { port } = server;
  const first = { pod: 's1-0', address: '127.0.0.1', port, token: 'secret', instance: null, since: 0 };
  return { ...first, table: null, released: [], routed: false, ...more };
}

/** Orders follow reports, as the control's do. */
function start(
  first: SyncOrder,
  next: (event: AgentReportEvent) => Partial<SyncOrder> = () => ({}),
  waitMs = 5_000,
): void {
  client = new AgentClient(first, {
    ...{ router: 'r', waitMs, lostMs: 200, firstRetryMs: 10, lastRetryMs: 50, http },
    onReport: (event) => {
      reports.push(event);
      const { instance, revision } = event.response;
      client?.setOrder(order({ instance, since: revision, ...next(event) }));
    },
    onLost: () => lost++,
    onFailure: (_, problem) => failures.push(problem),
  });
}

async function until(fact: () => boolean): Promise<void> {
  for (let i = 0; !fact(); i++) {
    if (i > 1000) throw new Error(`not so in 10 s: ${fact}`);
    await sleep(10);
  }
}

const table = sourceTable('s1', 7, [entry('t/a@1')]);
const states = () => reports.flatMap(({ response }) => response.models.map(({ state }) => state));

describe('following an agent', () => {
  it('pushes the table it lacks, and hears of each change as it happens', async () => {
    start(order(), ({ response }) => ({ table: response.tableDigest === table.digest ? null : table }));
    await until(() => states().includes('ready'));
    expect(reports[0]?.response).toMatchObject({ full: true, tableDigest: null });
    expect(reports[1]?.asked.tableDigest).toBe(table.digest);
    expect(states()).toEqual(['loading', 'ready']);
    expect(failures).toEqual([]);
  });

  it('breaks off a poll that waits when there is something to tell', async () => {
    start(order());
    await until(() => server.requests.length === 2);
    const { instance, revision } = server.agent;
    client?.setOrder(order({ instance, since: revision, released: ['t~a~1'], routed: true }));
    await until(() => server.requests.length === 3);
    expect(server.requests[2]).toMatchObject({ released: ['t~a~1'], routed: true, since: revision });
    // The same again is no news.
    client?.setOrder(order({ instance, since: revision, released: ['t~a~1'], routed: true }));
    await sleep(100);
    expect(server.requests.length).toBe(3);
    expect(failures).toEqual([]);
  });

  it('takes a new instance for what it is', async () => {
    start(order());
    await until(() => server.requests.length === 2);
    server.restart();
    await until(() => reports.length >= 2);
    expect(reports.at(-1)?.response).toMatchObject({ full: true, instance: server.agent.instance });
    expect(reports.at(-1)?.asked.instance).toBe(reports[0]?.response.instance);
  });

  it('says once that an agent is lost, and hears it when it is back', async () => {
    start(order(), () => ({}), 50);
    await until(() => reports.length > 0);
    const { port } = server;
    await server.close();
    await until(() => lost > 0);
    await sleep(300);
    expect(lost).toBe(1);
    expect(failures.length).toBeGreaterThan(2);
    const before = reports.length;
    server = await new AgentServer('s1-0', 's1', 'secret').listen(port);
    await until(() => reports.length > before);
  });

  it('does not wait for ever on an agent that takes requests and answers none', async () => {
    start(order(), () => ({}), 20);
    await until(() => reports.length > 0);
    server.hangs = true;
    await until(() => failures.length > 0);
    expect(failures[0]).toMatch(/^no answer in \d+ ms$/);
    expect(lost).toBe(1);
  });

  it('says goodbye where the router ends, and waits for no agent that does not hear it', async () => {
    start(order());
    await until(() => server.requests.length === 2);
    await client?.stop(true);
    expect(server.requests.at(-1)).toMatchObject({ router: 'r', leaves: true, released: [], routed: false, waitMs: 0 });
    start(order());
    await until(() => server.requests.length === 5);
    server.hangs = true;
    await client?.stop(true);
    expect(server.requests).toHaveLength(5);
  });

  it('reports what it cannot use as a failure', async () => {
    start(order({ token: 'wrong' }));
    await until(() => failures.length > 1);
    expect(failures[0]).toContain('HTTP 401');
    expect(reports).toEqual([]);
  });
});
