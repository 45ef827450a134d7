import { byCodePoint, type Findings } from './findings';
import type { Fleet } from './fleet';
import type { FleetHead } from './input';
import type { At, Located } from './located';
import { remedyNear, requireUnique } from './names';
import { resolveBaseline, resolveBudgets, resolveMesh, resolvePacking } from './options';
import { resolvePool } from './pools';
import { QuantityReader } from './quantity-reader';
import { resolveRuntimes } from './runtimes';
import { resolveTenants } from './tenants';

/** Everything of a fleet but its models and what refers to them; `runtimes` are all that models may name. */
export type FleetFrame = Omit<Fleet, 'models' | 'aliases'>;

/** Gives the checked head its defaults, in base units; what is wrong in meaning becomes a finding. */
export function resolveFrame(head: FleetHead, source: Located, findings: Findings): FleetFrame {
  const at: At = (...path) => source.at(path);
  const quantities = new QuantityReader(findings, at);
  if (head.pools.length === 0) findings.add('STW1016', 'the fleet declares no pool', at('pools'));
  requireUnique(head.pools, 'pools', 'pool', at, findings);
  requireUnique(head.runtimes ?? [], 'runtimes', 'runtime', at, findings);
  requireUnique(head.tenants ?? [], 'tenants', 'tenant', at, findings);
  const pools = head.pools.map((pool, i) => resolvePool(pool, i, quantities, findings, at));
  const kinds = new Set(pools.flatMap((pool) => (pool.accelerator === null ? [] : [pool.accelerator.kind])));
  for (const kind of Object.keys(head.budgets?.gpus ?? {})) {
    if (!kinds.has(kind))
      findings.add(
        'STW1009',
        `budget for the GPU kind "${kind}", which no pool has`,
        at('budgets', 'gpus', kind),
        remedyNear(kind, kinds),
      );
  }
  return {
    name: head.name,
    namespace: head.namespace ?? head.name,
    pools: pools.sort((a, b) => byCodePoint(a.name, b.name)),
    runtimes: resolveRuntimes(head, quantities, findings, at),
    tenants: resolveTenants(head.tenants ?? [], at, findings),
    budgets: resolveBudgets(head, quantities),
    packing: resolvePacking(head, quantities),
    mesh: resolveMesh(head, quantities),
    baseline: resolveBaseline(head, quantities),
  };
}
