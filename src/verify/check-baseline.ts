import type { Fleet, Model, Pool } from '../declare/fleet';
import { checkGpus } from './check-figures';
import type { CheckedClass, Declared } from './declared';
import { ceilDiv, cpuTaken, floorRatio, greater, hostMemory, Tally } from './exact';
import type { FindingLog } from './finding-log';
import { type DeclaredLimit, declaredLimits, type LimitKind } from './limits';
import { field, shown } from './reading';

/** Limits that mean nothing where no model shares a server. */
const ofShardsOnly: readonly LimitKind[] = ['modelsPerShard', 'replicaSets', 'moves', 'moveBytes'];

/** Servers so far: on one pool, or on all. */
class Servers {
  readonly replicas = new Tally();
  readonly pods = new Tally();
  readonly cpu = new Tally();
  readonly memory = new Tally();
}

/** One server a model, in key order, counted again: its figures, and which limits it would have hit after how many. */
export function checkBaseline(declared: Declared, baseline: unknown, log: FindingLog): void {
  const { fleet } = declared;
  const columns = new Map(fleet.pools.map((pool) => [pool.name, new Column(pool)]));
  const limits = declaredLimits(fleet).filter(({ of }) => !ofShardsOnly.includes(of));
  const fits = new Map<DeclaredLimit, number>();
  const total = new Servers();
  fleet.models.forEach((model, count) => {
    const known = declared.models.get(model.key);
    if (known === undefined) return;
    addServer(fleet, model, known.sharing, columns, total);
    for (const limit of limits)
      if (!fits.has(limit) && taken(limit, total, columns) > BigInt(limit.limit)) fits.set(limit, count);
  });
  const gpus = new Map<string, bigint>();
  for (const { pool, replicas } of columns.values())
    if (pool.accelerator !== null && replicas.total > 0n)
      gpus.set(pool.accelerator.kind, (gpus.get(pool.accelerator.kind) ?? 0n) + replicas.total);
  const figures: Readonly<Record<string, bigint>> = {
    servers: BigInt(fleet.models.length),
    pods: total.pods.total,
    ips: total.pods.total,
    nodes: nodesOf(columns),
    cpuMillis: total.cpu.total,
    memoryBytes: total.memory.total,
    overheadCpuMillis: total.replicas.total * BigInt(fleet.baseline.sidecarCpuMillis),
    overheadMemoryBytes: total.replicas.total * BigInt(fleet.baseline.sidecarMemoryBytes),
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

/** One pool's servers so far. */
class Column extends Servers {
  /** The most of a node's CPU and memory that servers may take: 19/20. */
  readonly cpuANode: number;
  readonly memoryANode: number;
  private counted: bigint | null = null;

  constructor(readonly pool: Pool) {
    super();
    this.cpuANode = floorRatio(pool.nodeCpuMillis, 19, 20, 1);
    this.memoryANode = floorRatio(pool.nodeMemoryBytes, 19, 20, 1);
  }

  grew(): void {
    this.counted = null;
  }

  get nodes(): bigint {
    this.counted ??= this.leastNodes();
    return this.counted;
  }

  /** As if servers packed onto nodes without waste: the most that accelerators, pods, CPU or memory need. */
  private leastNodes(): bigint {
    const { pool } = this;
    const podsANode = Math.min(pool.maxPods - pool.systemPods, pool.ipsPerNode ?? Number.MAX_SAFE_INTEGER);
    const needs = [
      ceilDiv(this.pods.total, BigInt(podsANode)),
      ceilDiv(this.cpu.total * 20n, BigInt(pool.nodeCpuMillis) * 19n),
      ceilDiv(this.memory.total * 20n, BigInt(pool.nodeMemoryBytes) * 19n),
    ];
    if (pool.accelerator !== null) needs.push(ceilDiv(this.replicas.total, BigInt(pool.accelerator.perNode)));
    return needs.reduce(greater, BigInt(pool.minNodes));
  }
}

function addServer(
  fleet: Fleet,
  model: Model,
  sharing: CheckedClass,
  columns: ReadonlyMap<string, Column>,
  total: Servers,
): void {
  const replicas = Math.max(model.replicas, fleet.baseline.minReplicas);
  let chosen: Option | null = null;
  for (const pool of sharing.pools) {
    const column = columns.get(pool.name);
    if (column === undefined) continue;
    const option = optionOn(fleet, model, sharing, column, replicas);
    if (chosen === null || better(option, chosen)) chosen = option;
  }
  if (chosen === null) return;
  for (const sums of [chosen.column, total]) {
    sums.replicas.add(replicas);
    sums.pods.add(fleet.baseline.podsPerReplica, replicas);
    sums.cpu.add(chosen.cpu, replicas);
    sums.memory.add(chosen.memory, replicas);
  }
  chosen.column.grew();
}

interface Option {
  readonly column: Column;
  readonly cpu: number;
  readonly memory: number;
  readonly holds: boolean;
}

/** The cheapest of the pools that hold the server, or of all where none does. Pools come by name, which settles ties. */
function better(option: Option, chosen: Option): boolean {
  if (option.holds !== chosen.holds) return option.holds;
  return option.column.pool.podPriceMicrosPerHour < chosen.column.pool.podPriceMicrosPerHour;
}

/** A replica's requests on a pool, and whether an empty node and one accelerator hold it. */
function optionOn(
  fleet: Fleet,
  model: Model,
  { runtime, base }: CheckedClass,
  column: Column,
  replicas: number,
): Option {
  const { pool } = column;
  const server = runtime.baseFootprint;
  const cpu = fleet.baseline.sidecarCpuMillis + server.cpuMillis + cpuTaken(model, pool, replicas);
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
    cpu <= column.cpuANode &&
    memory <= column.memoryANode;
  return { column, cpu, memory, holds };
}

function taken({ of, subject }: DeclaredLimit, total: Servers, columns: ReadonlyMap<string, Column>): bigint {
  switch (of) {
    case 'pods':
    case 'ips':
      return total.pods.total;
    case 'nodes':
      return nodesOf(columns);
    case 'gpus':
      return [...columns.values()].reduce(
        (sum, { pool, replicas }) => (pool.accelerator?.kind === subject ? sum + replicas.total : sum),
        0n,
      );
    case 'cpu':
      return total.cpu.total;
    case 'memory':
      return total.memory.total;
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
