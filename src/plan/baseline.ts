import { modelDemand } from '../declare/capacity';
import type { BaseModel, Fleet, Model, Pool, ServingRuntime } from '../declare/fleet';
import { type StatedLimit, statedLimits } from './budgets';
import type { Baseline, BaselineLimit, BudgetName } from './plan';
import { ceilRatio } from './rounding';
import { declared, type FleetIndex, sortedRecord } from './usage';

/** What one replica of a model's own server asks for. */
interface Server {
  readonly replicas: number;
  readonly pool: PoolTotals;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** What the servers on a pool take so far. Mutable: lives for one baseline. */
class PoolTotals {
  replicas = 0;
  pods = 0;
  cpuMillis = 0;
  memoryBytes = 0;
  nodes: number;

  constructor(readonly pool: Pool) {
    this.nodes = pool.minNodes;
  }

  /** The least nodes that hold it all, as if pods packed perfectly; a node's 5% stay for the cluster's own pods. */
  leastNodes(): number {
    const { pool } = this;
    const podsANode = Math.min(pool.maxPods - pool.systemPods, pool.ipsPerNode ?? Number.MAX_SAFE_INTEGER);
    return Math.max(
      pool.minNodes,
      pool.accelerator === null ? 0 : Math.ceil(this.replicas / pool.accelerator.perNode),
      Math.ceil(this.pods / podsANode),
      ceilRatio(this.cpuMillis, 20, pool.nodeCpuMillis * 19),
      ceilRatio(this.memoryBytes, 20, pool.nodeMemoryBytes * 19),
    );
  }
}

/**
 * The same models with one server each: KServe's InferenceService as its page on the scalability problem counts it.
 * Wherever there is a choice it favours the baseline: perfect packing onto nodes, no ingress, no spare.
 */
export function baselineOf(index: FleetIndex): Baseline {
  const { fleet } = index;
  const { podsPerReplica, sidecarCpuMillis, sidecarMemoryBytes } = fleet.baseline;
  const pools = new Map(fleet.pools.map((pool) => [pool.name, new PoolTotals(pool)]));
  const gpus = new Map<string, number>();
  let replicas = 0;
  let pods = 0;
  let cpuMillis = 0;
  let memoryBytes = 0;
  let nodes = 0;
  let cost = 0;
  for (const totals of pools.values()) {
    nodes += totals.nodes;
    cost += totals.nodes * totals.pool.nodePriceMicrosPerHour;
  }
  const used = (budget: BudgetName): number => {
    if (budget.startsWith('gpus.')) return gpus.get(budget.slice(5)) ?? 0;
    if (budget.startsWith('pool.')) return pools.get(budget.slice(5, -6))?.nodes ?? 0;
    const amounts: Readonly<Record<string, number>> = { pods, ips: pods, nodes, cpu: cpuMillis, memory: memoryBytes };
    return amounts[budget] ?? cost;
  };
  const limits = new LimitWatch(statedLimits(fleet), used);
  fleet.models.forEach((model, count) => {
    const server = serverOf(index, model, pools);
    const totals = server.pool;
    const { pool } = totals;
    totals.replicas += server.replicas;
    totals.pods += server.replicas * podsPerReplica;
    totals.cpuMillis += server.replicas * server.cpuMillis;
    totals.memoryBytes += server.replicas * server.memoryBytes;
    const before = totals.nodes;
    totals.nodes = totals.leastNodes();
    nodes += totals.nodes - before;
    cost += (totals.nodes - before) * pool.nodePriceMicrosPerHour;
    if (pool.accelerator !== null)
      gpus.set(pool.accelerator.kind, (gpus.get(pool.accelerator.kind) ?? 0) + server.replicas);
    replicas += server.replicas;
    pods += server.replicas * podsPerReplica;
    cpuMillis += server.replicas * server.cpuMillis;
    memoryBytes += server.replicas * server.memoryBytes;
    limits.note(count);
  });
  return {
    servers: fleet.models.length,
    pods,
    ips: pods,
    nodes,
    gpus: sortedRecord(gpus),
    cpuMillis,
    memoryBytes,
    overheadCpuMillis: replicas * sidecarCpuMillis,
    overheadMemoryBytes: replicas * sidecarMemoryBytes,
    costMicrosPerHour: cost,
    limitsHit: limits.hit(),
  };
}

/** Usage only grows from model to model, so that the first one over a limit says how many fit. Mutable. */
class LimitWatch {
  private open: readonly StatedLimit[];
  private readonly passed: { readonly limit: StatedLimit; readonly modelsThatFit: number }[] = [];

  constructor(
    limits: readonly StatedLimit[],
    private readonly used: (budget: BudgetName) => number,
  ) {
    // A change's moves, a shard's models and sets of shards mean nothing where no model shares.
    const shared: readonly BudgetName[] = ['modelsPerShard', 'replicaSets', 'moves', 'moveBytes'];
    this.open = limits.filter(({ budget }) => !shared.includes(budget));
  }

  note(modelsBefore: number): void {
    const over = this.open.filter((limit) => this.used(limit.budget) > limit.limit);
    if (over.length === 0) return;
    for (const limit of over) this.passed.push({ limit, modelsThatFit: modelsBefore });
    this.open = this.open.filter((limit) => !over.includes(limit));
  }

  /** The tightest first; of equal ones, the order of statedLimits. */
  hit(): BaselineLimit[] {
    return this.passed.map(({ limit: { budget, limit }, modelsThatFit }) => ({
      budget,
      used: this.used(budget),
      limit,
      modelsThatFit,
    }));
  }
}

/** A server on the cheapest allowed pool whose empty node holds it; on the cheapest, where none does. */
function serverOf(index: FleetIndex, model: Model, pools: ReadonlyMap<string, PoolTotals>): Server {
  const { fleet } = index;
  const runtime = declared(index.runtimes, 'runtime', model.runtime);
  const base = model.base === null ? null : (runtime.baseModels.find(({ name }) => name === model.base) ?? null);
  const replicas = Math.max(model.replicas, fleet.baseline.minReplicas);
  let best: Server | null = null;
  let bestHolds = false;
  for (const name of model.pools) {
    const totals = declared(pools, 'pool', name);
    const server = requestsOf(fleet, model, totals, runtime, base, replicas);
    const holds = holdsServer(fleet, model, server, runtime, base);
    const cheaper = best === null || totals.pool.podPriceMicrosPerHour < best.pool.pool.podPriceMicrosPerHour;
    if (best === null || (holds && !bestHolds) || (holds === bestHolds && cheaper)) {
      best = server;
      bestHolds = holds;
    }
  }
  if (best === null) throw new TypeError(`${model.key} has no pool`);
  return best;
}

function requestsOf(
  fleet: Fleet,
  model: Model,
  pool: PoolTotals,
  runtime: ServingRuntime,
  base: BaseModel | null,
  replicas: number,
): Server {
  const demand = modelDemand(model, pool.pool, runtime, replicas);
  const { sidecarCpuMillis, sidecarMemoryBytes } = fleet.baseline;
  return {
    replicas,
    pool,
    cpuMillis: sidecarCpuMillis + runtime.baseFootprint.cpuMillis + demand.cpuMillis,
    memoryBytes:
      sidecarMemoryBytes +
      runtime.baseFootprint.memoryBytes +
      runtime.sharedMemory.baseBytes +
      (base?.memoryBytes ?? 0) +
      demand.memoryBytes,
  };
}

function holdsServer(
  fleet: Fleet,
  model: Model,
  server: Server,
  runtime: ServingRuntime,
  base: BaseModel | null,
): boolean {
  const { pool } = server.pool;
  const accelerator =
    pool.accelerator === null ||
    model.footprint.acceleratorMemoryBytes +
      runtime.baseFootprint.acceleratorMemoryBytes +
      (base?.acceleratorMemoryBytes ?? 0) +
      fleet.packing.acceleratorReserveBytes <=
      pool.accelerator.memoryBytes;
  return (
    accelerator &&
    server.cpuMillis * 20 <= pool.nodeCpuMillis * 19 &&
    server.memoryBytes * 20 <= pool.nodeMemoryBytes * 19
  );
}
