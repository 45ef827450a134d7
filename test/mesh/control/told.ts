import { Control } from '../../../src/mesh/control/control';
import type { ControlAction, SyncOrder } from '../../../src/mesh/control/events';
import { type ControlOptions, defaultControlOptions } from '../../../src/mesh/control/options';
import type { RouteState } from '../../../src/mesh/route-state';
import type { ModelReport, ModelState, SyncResponse } from '../../../src/protocol/agent-api';
import { lookUp } from './look-up';
import { entry, servedOf, sourcePod, sourceTable } from './tables';

/** A control with the pods of shards told to it in few words. */
export class Told {
  readonly control: Control;
  state: RouteState = { routes: [], shards: [] };
  readonly orders = new Map<string, SyncOrder>();
  private revision = 0;
  private now = 0;
  private readonly agents = new Map<string, { instance: string; revision: number }>();

  constructor(private readonly options: Partial<ControlOptions> = {}) {
    this.control = new Control({ ...defaultControlOptions, ...options });
  }

  table(shard: string, ...keys: string[]): this {
    return this.take({
      type: 'table-changed',
      shard,
      table: sourceTable(
        shard,
        ++this.revision,
        keys.map((key) => entry(key)),
      ),
    });
  }

  pod(pod: string, shard = 's1'): this {
    return this.take({ type: 'pod-changed', revision: ++this.revision, pod: sourcePod(pod, shard) });
  }

  report(pod: string, states: Record<string, ModelState>, more: Partial<SyncResponse> = {}, shard = 's1'): this {
    const known = this.agents.get(pod);
    const agent = { instance: pod, revision: (known?.revision ?? 0) + 1 };
    this.agents.set(pod, agent);
    const models = Object.entries(states).map(
      ([model, state]): ModelReport => ({
        ...{ model, served: servedOf(model), state, residency: 'resident' },
        ...{ reason: state === 'failed' ? 'bad file' : null, memoryBytes: 1, declaredBytes: 1 },
      }),
    );
    const response: SyncResponse = {
      ...{ pod, shard, ...agent, serving: true, tableDigest: null, tableRevision: 0, tableProblem: null },
      ...{ full: known === undefined, models, ...more },
    };
    const asked = { instance: known?.instance ?? null, since: known?.revision ?? 0, tableDigest: null };
    return this.take({ type: 'agent-report', pod, asked, response });
  }

  /** Lets time pass; Envoy acknowledges everything. */
  settle(ms = 0): this {
    for (let i = 0; i < 4; i++) {
      this.now += i === 0 ? ms : 1;
      this.take({ type: 'tick', nowMs: this.now });
    }
    return this;
  }

  take(event: Parameters<Control['step']>[0]): this {
    for (const action of this.control.step(event)) this.perform(action);
    return this;
  }

  /** "served group: pods" of a name as callers spell it. */
  where(name: string, tenant = 'default'): string | undefined {
    const route = lookUp(this.state, tenant, name, this.options.open !== false);
    const group = this.state.shards.find(({ shard }) => shard === route?.shard);
    return route && `${route.served} ${route.shard}: ${group?.pods.map(({ pod }) => pod).join(' ')}`;
  }

  private perform(action: ControlAction): void {
    if (action.type === 'sync-agent') this.orders.set(action.order.pod, action.order);
    if (action.type !== 'push') return;
    this.state = action.state;
    this.take({ type: 'routes-acked', push: action.push });
  }
}
