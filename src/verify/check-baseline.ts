import type { Fleet, Model, Pool } from '../declare/fleet';
import { checkGpus } from './check-figures';
import type { CheckedClass, Declared } from './declared';
import { ceilDiv, greater, hostMemory, takenByModel } from './exact';
import type { FindingLog } from './finding-log';
import { type DeclaredLimit, declaredLimits, type LimitKind } from './limits';
import { field, shown } from './reading';

/** Limits that mean nothing where no model shares a server. */
const ofShardsOnly: readonly LimitKind[] = ['modelsPerShard', 'replicaSets', 'moves', 'moveBytes'];

/** One pool's servers so far. */
interface Column {
  readonly pool: Pool;
  replicas: bigint;
  pods: bigint;
  cpu: bigint;
  memory: bigint;
  nodes: bigint;
}

/** One server a model, in key order, counted again: its figures, and which limits it would have hit after how many. */
export function checkBaseline(declared: Declared, baseline: unknown, log: FindingLog): void {
  const { fleet } = declared;
  const columns = new Map<string, Column>();
  for (const pool of fleet.pools)
    columns.set(pool.name, { pool, replicas: 0n, pods: 0n, cpu: 0n, memory: 0n, nodes: BigInt(pool.minNodes) });
  const limits = declaredLimits(fleet).filter(({ of }) => !ofShardsOnly.includes(of));
  const fits = new Map<DeclaredLimit, number>();
  const total = { replicas: 0n, pods: 0n, cpu: 0n, memory: 0n };
  fleet.models.forEach((model, count) => {
    const known = declared.models.get(model.key);
    if (known === undefined) return;
    addServer(fleet, model, known.sharing, columns, total);
    for (const limit of limits)
      if (!fits.has(limit) && taken(limit, total, columns) > BigInt(limit.limit)) fits.set(limit, count);
  });
  const gpus = new Map<string, bigint>();
  for (const { pool, replicas } of columns.values())
    if (pool.accelerator !== null && replicas > 0n)
      gpus.set(pool.accelerator.kind, (gpus.get(pool.accelerator.kind) ?? 0n) + replicas);
  const figures: Readonly<Record<string, bigint>> = {
    servers: BigInt(fleet.models.length),
    pods: total.pods,
    ips: total.pods,
    nodes: nodesOf(columns),
    cpuMillis: total.cpu,
    memoryBytes: total.memory,
    overheadCpuMillis: total.replicas * BigInt(fleet.baseline.sidecarCpuMillis),
    overheadMemoryBytes: total.replicas * BigInt(fleet.baseline.sidecarMemoryBytes),
    costMicrosPerHour: costOf(columns),
  };
  for (const [name, amount] of Object.entries(figures))
    log.figure(`baseline.${name}`, field(baseline, name), Number(amount));
  checkGpus('baseline.gpus', field(baseline, 'gpus'), gpus, log);
  // Ordered by how many fit; the sort is stable, so that ties stay in the order of budgets.
  const hit = limits.filter((limit) => fits.has(limit)).sort((a, b) => (fits.get(a) ?? 0) - (fits.get(b) ?? 0));
  const stated = field(baseline, 'limitsHit');
  if (!Array.isArray(stated) || stated.length !== hit.length) {
    log.add('STW2104', 'baseline.limitsHit', `one server a model hits ${hit.length} limits, not ${shown(stated)}`);
    return;
  }
  hit.forEach((limit, index) => {
    const entry: unknown = stated[index];
    const path = `baseline.limitsHit[${index}]`;
    log.figure(`${path}.budget`, field(entry, 'budget'), limit.name);
    log.figure(`${path}.used`, field(entry, 'used'), Number(taken(limit, total, columns)));
    log.figure(`${path}.limit`, field(entry, 'limit'), limit.limit);
    log.figure(`${path}.modelsThatFit`, field(entry, 'modelsThatFit'), fits.get(limit) ?? 0);
  });
}

interface Total {
  replicas: bigint;
  pods: bigint;
  cpu: bigint;
  memory: bigint;
}

function addServer(
  fleet: Fleet,
  model: Model,
  sharing: CheckedClass,
  columns: ReadonlyMap<string, Column>,
  total: Total,
): void {
  const replicas = Math.max(model.replicas, fleet.baseline.minReplicas);
  const options = sharing.pools.map((pool) => optionOn(fleet, model, sharing, pool, replicas));
  const holding = options.filter((option) => option.holds);
  // Pools are sorted by name, which settles ties of price.
  const chosen = (holding.length > 0 ? holding : options).reduce((best, option) =>
    option.pool.podPriceMicrosPerHour < best.pool.podPriceMicrosPerHour ? option : best,
  );
  const column = columns.get(chosen.pool.name);
  if (column === undefined) return;
  const copies = BigInt(replicas);
  const pods = copies * BigInt(fleet.baseline.podsPerReplica);
  for (const sums of [column, total]) {
    sums.replicas += copies;
    sums.pods += pods;
    sums.cpu += copies * BigInt(chosen.cpu);
    sums.memory += copies * BigInt(chosen.memory);
  }
  column.nodes = leastNodes(column);
}

/** A replica's requests on a pool, and whether an empty node (19/20 of it) and one accelerator hold it. */
function optionOn(fleet: Fleet, model: Model, { runtime, base }: CheckedClass, pool: Pool, replicas: number) {
  const server = runtime.baseFootprint;
  const cpu =
    fleet.baseline.sidecarCpuMillis + server.cpuMillis + takenByModel(model, pool, runtime, replicas).cpuMillis;
  const memory =
    fleet.baseline.sidecarMemoryBytes +
    server.memoryBytes +
    runtime.sharedMemory.baseBytes +
    (base === null ? 0 : base.memoryBytes) +
    hostMemory(model, runtime);
  const accelerator =
    model.footprint.acceleratorMemoryBytes +
    server.acceleratorMemoryBytes +
    (base === null ? 0 : base.acceleratorMemoryBytes) +
    fleet.packing.acceleratorReserveBytes;
  const holds =
    (pool.accelerator === null || accelerator <= pool.accelerator.memoryBytes) &&
    BigInt(cpu) * 20n <= BigInt(pool.nodeCpuMillis) * 19n &&
    BigInt(memory) * 20n <= BigInt(pool.nodeMemoryBytes) * 19n;
  return { pool, cpu, memory, holds };
}

/** As if servers packed onto nodes without waste: the most that accelerators, pods, CPU or memory need. */
function leastNodes({ pool, replicas, pods, cpu, memory }: Column): bigint {
  const podsANode = Math.min(pool.maxPods - pool.systemPods, pool.ipsPerNode ?? Number.MAX_SAFE_INTEGER);
  const needs = [
    ceilDiv(pods, BigInt(podsANode)),
    ceilDiv(cpu * 20n, BigInt(pool.nodeCpuMillis) * 19n),
    ceilDiv(memory * 20n, BigInt(pool.nodeMemoryBytes) * 19n),
  ];
  if (pool.accelerator !== null) needs.push(ceilDiv(replicas, BigInt(pool.accelerator.perNode)));
  return needs.reduce(greater, BigInt(pool.minNodes));
}

function taken({ of, subject }: DeclaredLimit, total: Total, columns: ReadonlyMap<string, Column>): bigint {
  switch (of) {
    case 'pods':
    case 'ips':
      return total.pods;
    case 'nodes':
      return nodesOf(columns);
    case 'gpus':
      return [...columns.values()].reduce(
        (sum, { pool, replicas }) => (pool.accelerator?.kind === subject ? sum + replicas : sum),
        0n,
      );
    case 'cpu':
      return total.cpu;
    case 'memory':
      return total.memory;
    case 'poolNodes':
      return columns.get(subject)?.nodes ?? 0n;
    default:
      return costOf(columns);
  }
}

function nodesOf(columns: ReadonlyMap<string, Column>): bigint {
  return [...columns.values()].reduce((sum, column) => sum + column.nodes, 0n);
}

function costOf(columns: ReadonlyMap<string, Column>): bigint {
  return [...columns.values()].reduce((sum, { nodes, pool }) => sum + nodes * BigInt(pool.nodePriceMicrosPerHour), 0n);
}
