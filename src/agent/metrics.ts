import type { ModelReport, ModelState } from '../protocol/agent-api';
import { modelStates } from '../protocol/agent-api';

/** What the agent counts; Prometheus reads it at `/metrics`. */
export class AgentMetrics {
  private readonly client = require('prom-client') as typeof import('prom-client');
  private readonly registry = new this.client.Registry();
  private readonly demands = this.counter('stowage_agent_demand_total', 'Requests for on-demand models', ['result']);
  private readonly failures = this.counter('stowage_agent_failures_total', 'Failed steps', ['step']);
  private readonly evictions = this.counter('stowage_agent_evictions_total', 'On-demand models unloaded for others');
  private readonly fetchedBytes = this.counter('stowage_agent_fetched_bytes_total', 'Bytes of model files fetched');
  private readonly loads = this.histogram('stowage_agent_load_seconds', 'Time of a load in the model server');
  private readonly misses = this.histogram('stowage_agent_miss_seconds', 'How long requests waited for their model');

  /** `models`: all that there are now. */
  constructor(
    of: { readonly fleet: string; readonly shard: string },
    models: () => readonly ModelReport[],
    diskBytes: () => number,
  ) {
    const { Gauge } = this.client;
    this.registry.setDefaultLabels({ fleet: of.fleet, shard: of.shard });
    const registers = [this.registry];
    const gauge = (name: string, help: string, labelNames: string[], collect: (set: Setter) => void): void => {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          collect((labels, value) => this.set(labels, value));
        },
      });
    };
    gauge('stowage_agent_models', 'Models by state', ['state'], (set) => {
      for (const state of modelStates) set({ state }, countOf(models(), state));
    });
    gauge('stowage_agent_model_declared_bytes', 'Memory that a model was declared with', ['model'], (set) => {
      for (const { model, declaredBytes } of models()) set({ model }, declaredBytes);
    });
    gauge('stowage_agent_model_measured_bytes', "Rise of the server's memory over the load", ['model'], (set) => {
      for (const { model, memoryBytes } of models()) if (memoryBytes !== null) set({ model }, memoryBytes);
    });
    gauge('stowage_agent_disk_bytes', 'Model files on disk', [], (set) => set({}, diskBytes()));
  }

  demanded(result: 'hit' | 'miss' | 'busy' | 'failed' | 'unknown'): void {
    this.demands.inc({ result });
  }
  missWaited(seconds: number): void {
    this.misses.observe(seconds);
  }
  loaded(seconds: number): void {
    this.loads.observe(seconds);
  }
  failed(step: 'fetch' | 'load' | 'unload'): void {
    this.failures.inc({ step });
  }
  evicted(): void {
    this.evictions.inc();
  }
  fetched(bytes: number): void {
    this.fetchedBytes.inc(bytes);
  }

  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.registry.contentType, body: await this.registry.metrics() };
  }

  private counter(name: string, help: string, labelNames: string[] = []) {
    return new this.client.Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram(name: string, help: string) {
    const buckets = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];
    return new this.client.Histogram({ name, help, buckets, registers: [this.registry] });
  }
}

type Setter = (labels: Record<string, string>, value: number) => void;

function countOf(models: readonly ModelReport[], state: ModelState): number {
  return models.filter((model) => model.state === state).length;
}
