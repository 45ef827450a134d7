import { type Agent as HttpAgent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSyncResponse, type SyncRequest, type SyncResponse } from '../protocol/agent-api';
import type { AgentReportEvent, SyncOrder } from './control/events';

export interface AgentClientOptions {
  /** Names this router process. */
  readonly router: string;
  /** How long an agent may keep a poll waiting for news. */
  readonly waitMs: number;
  /** After so long without an answer, an agent is lost. */
  readonly lostMs: number;
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
  readonly http: HttpAgent;
  onReport(event: AgentReportEvent): void;
  /** Once for each time that it falls silent. */
  onLost(pod: string): void;
  onFailure(pod: string, problem: string): void;
}

/** Time for an answer beyond what the agent may wait. */
const graceMs = 3_000;
/** An agent that goes on lacking the table that it was sent is not sent it at once again. */
const tableAgainMs = 1_000;
/** No agent holds up the end of a router for longer. */
const leaveMs = 2_000;
const answerLimit = 64 * 2 ** 20;

/** Keeps up with one agent: one long poll after the other, each as the control's newest order says. */
export class AgentClient {
  private order: SyncOrder;
  private stopped = false;
  /** Ends the request under way; null: none is. */
  private cancel: AbortController | null = null;
  private wake: AbortController | null = null;
  private lastTable: string | null = null;
  private heardAt = performance.now();
  private lost = false;
  private readonly running: Promise<void>;

  constructor(
    order: SyncOrder,
    private readonly options: AgentClientOptions,
  ) {
    this.order = order;
    this.running = this.run();
  }

  /** A poll under way that would tell the agent something else is broken off. */
  setOrder(order: SyncOrder): void {
    const before = this.order;
    this.order = order;
    const moved = before.address !== order.address || before.port !== order.port || before.token !== order.token;
    if (moved) this.wake?.abort();
    const news =
      moved ||
      before.routed !== order.routed ||
      (order.table !== null && order.table.digest !== before.table?.digest) ||
      before.released.join() !== order.released.join();
    if (news) this.cancel?.abort();
  }

  /** `leaves`: tells the agent that this router has ended, if it hears it at once. */
  async stop(leaves = false): Promise<void> {
    this.stopped = true;
    this.cancel?.abort();
    this.wake?.abort();
    await this.running;
    if (!leaves) return;
    const { instance, since } = this.order;
    const last = {
      ...{ instance, since, waitMs: 0, released: [], routed: false, leaves },
      router: this.options.router,
    };
    await this.post(this.order, JSON.stringify(last satisfies SyncRequest), leaveMs).catch(() => undefined);
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      const order = this.order;
      const cancel = new AbortController();
      this.cancel = cancel;
      try {
        const response = await this.sync(order, cancel.signal);
        this.cancel = null;
        if (this.stopped) return;
        failures = 0;
        this.lost = false;
        this.heardAt = performance.now();
        const { instance, since, table } = order;
        const asked = { instance, since, tableDigest: table?.digest ?? null };
        this.options.onReport({ type: 'agent-report', pod: order.pod, asked, response });
        const again = table !== null && this.lastTable === `${response.instance} ${table.digest}`;
        this.lastTable = table === null ? null : `${response.instance} ${table.digest}`;
        if (again) await this.pause(tableAgainMs);
      } catch (error) {
        this.cancel = null;
        if (cancel.signal.aborted) continue;
        failures++;
        this.options.onFailure(order.pod, error instanceof Error ? error.message : String(error));
        if (!this.lost && performance.now() - this.heardAt >= this.options.lostMs) {
          this.lost = true;
          this.options.onLost(order.pod);
        }
        const { firstRetryMs, lastRetryMs } = this.options;
        await this.pause(Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 20)));
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    this.wake = new AbortController();
    await sleep(ms, undefined, { signal: this.wake.signal }).catch(() => undefined);
    this.wake = null;
  }

  private async sync(order: SyncOrder, signal: AbortSignal): Promise<SyncResponse> {
    const { instance, since, released, routed, table } = order;
    const body: SyncRequest = {
      router: this.options.router,
      instance,
      since,
      // Of an agent that is new here, or lacks the table, there is something to hear at once.
      waitMs: instance === null || table !== null ? 0 : this.options.waitMs,
      released,
      routed,
      ...(table === null ? {} : { table: { revision: table.revision, parts: table.parts } }),
    };
    return parseSyncResponse(await this.post(order, JSON.stringify(body), body.waitMs + graceMs, signal));
  }

  private post(order: SyncOrder, body: string, timeoutMs: number, signal?: AbortSignal): Promise<string> {
    const { address, port, token } = order;
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve, reject) => {
      const target = { host: address, port, path: '/v1/sync', method: 'POST', headers, agent: this.options.http };
      const sent = request({ ...target, ...(signal === undefined ? {} : { signal }) }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > answerLimit) sent.destroy(new Error(`an answer of more than ${answerLimit} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          answered = true;
          clearTimeout(timer);
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200)}`));
        });
      });
      let answered = false;
      const late = () => {
        if (!answered) sent.destroy(new Error(`no answer in ${timeoutMs} ms`));
      };
      // Where this process itself was held up, the answer may be there and unread: what has come is read first.
      const timer = setTimeout(() => setImmediate(late), timeoutMs);
      sent.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      sent.end(body);
    });
  }
}
