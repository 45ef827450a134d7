import { Agent as HttpAgent } from 'node:http';
import type { MeshState } from '../protocol/mesh-state';
import { AgentClient, type AgentClientOptions } from './agent-client';
import { Control } from './control/control';
import type { ControlAction, ControlEvent, SyncOrder } from './control/events';
import { noneGroup } from './control/none-group';
import type { ControlOptions } from './control/options';
import type { StateQuery } from './control/state-view';
import type { Log } from './log';
import { MeshdMetrics } from './metrics';
import type { RouteSink, RouteState } from './route-state';
import type { ClusterSource } from './source/cluster-source';

export interface MeshdOptions {
  readonly fleet: string;
  /** Names this process: another one each time it starts. */
  readonly router: string;
  readonly source: ClusterSource;
  readonly sink: RouteSink;
  readonly control: ControlOptions;
  readonly log: Log;
  /** Least time between two plans; what comes meanwhile is planned together. */
  readonly batchMs?: number;
  /** Time from the first change after a quiet while to its plan. */
  readonly firstBatchMs?: number;
  /** A plan at least so often, for what time alone brings. */
  readonly tickMs?: number;
  readonly agents?: Partial<Pick<AgentClientOptions, 'waitMs' | 'lostMs' | 'firstRetryMs' | 'lastRetryMs'>>;
}

/** Wires the source, the control, the agents and Envoy together. All events pass through one place, in turn. */
export class Meshd {
  readonly metrics: MeshdMetrics;
  private readonly control: Control;
  private readonly agents = new Map<string, AgentClient>();
  private readonly http = new HttpAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  private readonly failing = new Map<string, string>();
  private interval: NodeJS.Timeout | null = null;
  private soon: NodeJS.Timeout | null = null;
  private plannedAt = Number.NEGATIVE_INFINITY;
  private stopped = false;
  private ends = false;
  private synced = false;
  private problem: string | null = null;

  constructor(private readonly options: MeshdOptions) {
    this.control = new Control(options.control);
    this.metrics = new MeshdMetrics(options.fleet, () => this.state({ shard: null, models: 'none' }));
  }

  start(): void {
    const { source, log, tickMs = 250 } = this.options;
    this.interval = setInterval(() => this.tick(), tickMs);
    source.start({
      onEvent: (event) => {
        if (event.type === 'source-synced') {
          this.synced = true;
          log('info', 'the fleet is known');
        }
        if (event.type === 'aliases-broken') {
          log('warn', 'the route table is broken: the last good one stays in use', { problem: event.problem });
        }
        if (event.type === 'table-broken') {
          log('warn', 'a model table is broken: the last good one stays in use', {
            shard: event.shard,
            problem: event.problem,
          });
        }
        this.step(event);
      },
      onProblem: (problem) => {
        this.problem = problem;
        if (problem === null) log('info', 'the source answers again');
        else log('warn', 'the source does not answer: what is known stays in use', { problem });
      },
    });
  }

  /** Whether the Envoy beside it has been drained: then `stop` is the end of the router, and agents are told so. */
  drained(is: boolean): void {
    this.ends = is;
  }

  /** Envoy keeps the routes that it has. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.interval !== null) clearInterval(this.interval);
    if (this.soon !== null) clearTimeout(this.soon);
    await this.options.source.stop();
    await Promise.all([...this.agents.values()].map((agent) => agent.stop(this.ends)));
    this.http.destroy();
  }

  /** Envoy has routes of this process. */
  get ready(): boolean {
    return this.control.ready;
  }

  state(query: StateQuery): MeshState {
    const { fleet, router } = this.options;
    return { fleet, router, source: { synced: this.synced, problem: this.problem }, ...this.control.view(query) };
  }

  /** What a caller may ask for now: a tenant's names, or all where callers are not told apart. Sorted by tenant and name. */
  names(tenant: string): readonly { readonly name: string; readonly tenant: string }[] {
    const { open } = this.options.control;
    const up = this.control.routes.filter((route) => (open || route.tenant === tenant) && route.shard !== noneGroup);
    return up.map((route) => ({ name: route.name, tenant: route.tenant }));
  }

  private step(event: ControlEvent): void {
    if (this.stopped) return;
    for (const action of this.control.step(event)) this.perform(action);
    if (event.type !== 'tick' && this.control.pending) this.planSoon();
  }

  private planSoon(): void {
    if (this.soon !== null) return;
    const { batchMs = 100, firstBatchMs = 10 } = this.options;
    const due = Math.max(firstBatchMs, this.plannedAt + batchMs - performance.now());
    this.soon = setTimeout(() => {
      this.soon = null;
      this.tick();
    }, due);
  }

  private tick(): void {
    const start = performance.now();
    this.plannedAt = start;
    this.step({ type: 'tick', nowMs: Math.floor(start) });
    this.metrics.planned(performance.now() - start);
  }

  private perform(action: ControlAction): void {
    if (action.type === 'push') this.push(action.push, action.state);
    else if (action.type === 'sync-agent') this.sync(action.order);
    else {
      const agent = this.agents.get(action.pod);
      this.agents.delete(action.pod);
      this.failing.delete(action.pod);
      void agent?.stop();
    }
  }

  private push(push: number, state: RouteState): void {
    const start = performance.now();
    this.options.sink.apply(state).then(
      () => {
        if (push === 1) this.options.log('info', 'Envoy has its first routes', { names: state.routes.length });
        this.metrics.pushed('acknowledged', performance.now() - start);
        this.step({ type: 'routes-acked', push });
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.options.log('error', 'Envoy refused routes', { reason });
        this.metrics.pushed('refused', performance.now() - start);
        this.step({ type: 'routes-refused', push, reason });
      },
    );
  }

  private sync(order: SyncOrder): void {
    const known = this.agents.get(order.pod);
    if (known !== undefined) {
      known.setOrder(order);
      return;
    }
    const { router, agents, log } = this.options;
    const client = new AgentClient(order, {
      ...{ waitMs: 10_000, lostMs: 15_000, firstRetryMs: 100, lastRetryMs: 2_000 },
      ...agents,
      router,
      http: this.http,
      onReport: (event) => {
        if (this.failing.delete(event.pod)) log('info', 'an agent answers', { pod: event.pod });
        this.metrics.heard();
        this.step(event);
      },
      onLost: (pod) => {
        log('warn', 'an agent is lost', { pod, problem: this.failing.get(pod) });
        this.step({ type: 'agent-lost', pod });
      },
      onFailure: (pod, problem) => {
        if (this.failing.get(pod) === problem) return;
        this.failing.set(pod, problem);
        log('warn', 'an agent does not answer', { pod, problem });
      },
    });
    this.agents.set(order.pod, client);
  }
}
