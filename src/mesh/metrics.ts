import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MeshState } from '../protocol/mesh-state';

/** meshd's own figures for Prometheus. No series depends on the number of models. */
export class MeshdMetrics {
  readonly registry: Registry;
  private readonly pushes: Counter;
  private readonly pushSeconds: Histogram;
  private readonly planSeconds: Histogram;
  private readonly reports: Counter;

  constructor(fleet: string, state: () => MeshState) {
    const prom = require('prom-client') as typeof import('prom-client');
    const registers = [new prom.Registry()];
    this.registry = registers[0] as Registry;
    this.registry.setDefaultLabels({ fleet });
    prom.collectDefaultMetrics({ register: this.registry, prefix: 'stowage_meshd_' });
    const buckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
    const named = (name: string, help: string) => ({ name: `stowage_mesh_${name}`, help, registers });

    this.pushes = new prom.Counter({ ...named('pushes_total', 'Pushes of routes to Envoy.'), labelNames: ['result'] });
    this.pushSeconds = new prom.Histogram({ ...named('push_seconds', 'From a push to its answer.'), buckets });
    this.planSeconds = new prom.Histogram({ ...named('plan_seconds', 'Time that a plan took.'), buckets });
    this.reports = new prom.Counter(named('agent_reports_total', 'Answers of agents.'));

    // All gauges of one scrape look at the same state.
    let seen: MeshState | null = null;
    const now = (): MeshState => {
      if (seen === null) setImmediate(() => (seen = null));
      seen ??= state();
      return seen;
    };
    const gauge = (name: string, help: string, labelNames: string[], read: (gauge: Gauge, now: MeshState) => void) =>
      new prom.Gauge({
        ...named(name, help),
        labelNames,
        collect() {
          this.reset();
          read(this as Gauge, now());
        },
      });
    gauge('models', 'Models by state.', ['state'], (set, { models }) => {
      for (const [name, count] of Object.entries(models)) set.set({ state: name }, count);
    });
    gauge('names', 'Names that clients may ask for.', [], (set, { routes }) => set.set(routes.names));
    gauge('ready', '1 once Envoy has routes of this process.', [], (set, { ready }) => set.set(ready ? 1 : 0));
    gauge('source_up', '1 while the source answers.', [], (set, { source }) =>
      set.set(source.problem === null ? 1 : 0),
    );
    gauge('pods', 'Pods by what is heard of their agents.', ['agent'], (set, { shards }) => {
      for (const agent of ['heard', 'lost', 'not-heard'] as const) {
        set.set({ agent }, shards.flatMap(({ pods }) => pods).filter((pod) => pod.agent === agent).length);
      }
    });
    gauge('shard_members', 'Pods of a shard that get its requests.', ['shard'], (set, { shards }) => {
      for (const { shard, pods } of shards) set.set({ shard }, pods.filter(({ member }) => member).length);
    });
    gauge(
      'shard_memory_bytes',
      'Memory of the models on all pods of a shard.',
      ['shard', 'figure'],
      (set, { shards }) => {
        for (const { shard, pods } of shards) {
          set.set(
            { shard, figure: 'measured' },
            pods.reduce((sum, pod) => sum + pod.memoryBytes, 0),
          );
          set.set(
            { shard, figure: 'declared' },
            pods.reduce((sum, pod) => sum + pod.declaredBytes, 0),
          );
        }
      },
    );
  }

  pushed(result: 'acknowledged' | 'refused', ms: number): void {
    this.pushes.inc({ result });
    this.pushSeconds.observe(ms / 1000);
  }

  planned(ms: number): void {
    this.planSeconds.observe(ms / 1000);
  }

  heard(): void {
    this.reports.inc();
  }
}
