import type { Declared } from './declared';
import { dimensionNames, roundDiv } from './exact';
import type { FindingLog } from './finding-log';
import { type DeclaredLimit, declaredLimits } from './limits';
import { field, isRecord, shown } from './reading';
import type { PoolTaken, Usage } from './usage';

/** The summary against what the placement takes. */
export function checkSummary(
  declared: Declared,
  summary: unknown,
  usage: Usage,
  shards: number,
  log: FindingLog,
): void {
  const { fleet } = declared;
  const derived: Readonly<Record<string, number | bigint>> = {
    models: fleet.models.length,
    tenants: new Set(fleet.models.map((model) => model.tenant)).size,
    copies: usage.copies,
    shards,
    replicaSets: usage.replicaSets,
    shardPods: usage.shardPods,
    routerPods: fleet.mesh.routerReplicas,
    pods: usage.pods,
    ips: usage.pods,
    nodes: usage.nodes,
    cpuMillis: usage.cpuMillis,
    memoryBytes: usage.memoryBytes,
    overheadCpuMillis: usage.overheadCpuMillis,
    overheadMemoryBytes: usage.overheadMemoryBytes,
    costMicrosPerHour: usage.costMicrosPerHour,
    podCostMicrosPerHour: usage.podCostMicrosPerHour,
  };
  for (const [name, amount] of Object.entries(derived))
    log.figure(`summary.${name}`, field(summary, name), Number(amount));
  checkGpus('summary.gpus', field(summary, 'gpus'), usage.gpus, log);
}

/** Accelerators by kind: those in use, no others. */
export function checkGpus(path: string, stated: unknown, derived: ReadonlyMap<string, bigint>, log: FindingLog): void {
  if (!isRecord(stated)) {
    log.add('STW2106', path, `${path} must be an object, not ${shown(stated)}`);
    return;
  }
  for (const [kind, count] of derived) log.figure(`${path}.${kind}`, field(stated, kind), Number(count));
  for (const kind of Object.keys(stated))
    if (!derived.has(kind))
      log.add('STW2104', `${path}.${kind}`, `no accelerator of the kind ${shown(kind)} is in use`);
}

/** Each pool of the fleet, once. */
export function checkPools(pools: unknown, usage: Usage, log: FindingLog): void {
  const entries = byName(pools, 'pools', 'pool', log);
  for (const taken of usage.pools) {
    const found = entries.get(taken.pool.name);
    if (found === undefined) log.add('STW2101', 'pools', `the pool ${taken.pool.name} is missing`);
    else checkPool(found.entry, found.path, taken, log);
    entries.delete(taken.pool.name);
  }
  for (const [name, { path }] of entries) log.add('STW2101', path, `the fleet has no pool ${shown(name)}`);
}

function checkPool(entry: unknown, path: string, taken: PoolTaken, log: FindingLog): void {
  const { pool } = taken;
  log.figure(
    `${path}.accelerator`,
    field(entry, 'accelerator'),
    pool.accelerator === null ? null : pool.accelerator.kind,
  );
  log.figure(`${path}.shards`, field(entry, 'shards'), taken.shards.length);
  log.figure(`${path}.pods`, field(entry, 'pods'), Number(taken.pods));
  log.figure(`${path}.nodes`, field(entry, 'nodes'), Number(taken.nodes));
  log.figure(`${path}.maxNodes`, field(entry, 'maxNodes'), pool.maxNodes);
  log.figure(`${path}.costMicrosPerHour`, field(entry, 'costMicrosPerHour'), Number(taken.cost));
  for (const name of dimensionNames) {
    // Each shard's fill in millionths, weighed by its pods; both roundings are part of the format.
    let weighed = 0n;
    for (const { used, room, replicas } of taken.shards)
      if (room[name] > 0) weighed += BigInt(replicas) * roundDiv(BigInt(used[name]) * 1_000_000n, BigInt(room[name]));
    const fill = taken.pods === 0n ? 0n : roundDiv(weighed, taken.pods);
    log.figure(`${path}.fillMicro.${name}`, field(field(entry, 'fillMicro'), name), Number(fill));
  }
}

/** Each limit of the fleet once, with what the plan takes of it. Null: not derivable, and left to other checks. */
export function checkBudgets(
  declared: Declared,
  budgets: unknown,
  usage: Usage,
  moves: { readonly moves: number; readonly moveBytes: number | bigint },
  log: FindingLog,
): void {
  const entries = byName(budgets, 'budgets', 'budget', log);
  for (const limit of declaredLimits(declared.fleet)) {
    const found = entries.get(limit.name);
    entries.delete(limit.name);
    if (found === undefined) {
      log.add('STW2104', 'budgets', `the budget ${limit.name} is missing`);
      continue;
    }
    const { entry, path } = found;
    const used = usedOf(limit, usage, moves);
    const headroom = BigInt(limit.limit) - used;
    log.figure(`${path}.unit`, field(entry, 'unit'), limit.unit);
    log.figure(`${path}.used`, field(entry, 'used'), Number(used));
    log.figure(`${path}.limit`, field(entry, 'limit'), limit.limit);
    log.figure(`${path}.headroom`, field(entry, 'headroom'), Number(headroom));
    log.figure(`${path}.enforcement`, field(entry, 'enforcement'), limit.enforcement);
    log.figure(`${path}.status`, field(entry, 'status'), headroom < 0n ? 'broken' : 'ok');
  }
  for (const [name, { path }] of entries) log.add('STW2104', path, `the fleet has no budget ${shown(name)}`);
}

function usedOf(
  { of, subject }: DeclaredLimit,
  usage: Usage,
  { moves, moveBytes }: { readonly moves: number; readonly moveBytes: number | bigint },
): bigint {
  switch (of) {
    case 'pods':
    case 'ips':
      return usage.pods;
    case 'nodes':
      return usage.nodes;
    case 'gpus':
      return usage.gpus.get(subject) ?? 0n;
    case 'cpu':
      return usage.cpuMillis;
    case 'memory':
      return usage.memoryBytes;
    case 'cost':
      return usage.costMicrosPerHour;
    case 'modelsPerShard':
      return BigInt(usage.mostModels);
    case 'replicaSets':
      return BigInt(usage.replicaSets);
    case 'moves':
      return BigInt(moves);
    case 'moveBytes':
      return BigInt(moveBytes);
    case 'poolNodes':
      return usage.pools.find(({ pool }) => pool.name === subject)?.nodes ?? 0n;
  }
}

interface Entry {
  readonly entry: unknown;
  readonly path: string;
}

/** The entries of a list by the name that each states; a second one of a name is a finding. */
function byName(list: unknown, path: string, nameField: string, log: FindingLog): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  if (!Array.isArray(list)) {
    log.add('STW2106', path, `${path} must be a list, not ${shown(list)}`);
    return entries;
  }
  list.forEach((entry: unknown, index) => {
    const name = field(entry, nameField);
    const where = `${path}[${index}]`;
    if (typeof name !== 'string') log.add('STW2106', `${where}.${nameField}`, `must be a name, not ${shown(name)}`);
    else if (entries.has(name)) log.add('STW2104', where, `${shown(name)} is stated twice`);
    else entries.set(name, { entry, path: where });
  });
  return entries;
}
