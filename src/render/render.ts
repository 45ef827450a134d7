import { podShare } from '../declare/capacity';
import { byCodePoint } from '../declare/findings';
import type { Fleet, Model } from '../declare/fleet';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import type { Plan, PlannedShard } from '../plan/plan';
import { accessObjects } from './access';
import { checkFleet } from './check-fleet';
import { copyBudgets } from './copy-budgets';
import { dashboardObjects } from './dashboard';
import { gatewayObjects } from './gateway';
import { isReservedShardId, names } from './names';
import { networkPolicies } from './network-policies';
import type { RenderedGroup } from './objects';
import { routeTables } from './route-table-parts';
import { routerObjects } from './router';
import { shardGroup } from './shard';
import type { ShardParts } from './shard-pod';

/**
 * The Kubernetes objects of a planned fleet: first the fleet's own (accounts, policies, router), then one group a shard,
 * sorted by id. The namespace itself is not among them. A model in one more shard changes one ConfigMap, and at most adds
 * its class's disruption budget.
 * @throws StowageError STW4001 where the plan is of another fleet; STW4002 to STW4004 and STW4009 for what cannot be
 *   rendered
 */
export function renderFleet(fleet: Fleet, plan: Plan): readonly RenderedGroup[] {
  if (plan.fleet.name !== fleet.name) {
    throw new StowageError([
      diagnostic('STW4001', `the plan is of the fleet "${plan.fleet.name}", not of "${fleet.name}"`),
    ]);
  }
  checkFleet(fleet);
  const resolver = new Resolver(fleet);
  const shards = [...plan.shards].sort((a, b) => byCodePoint(a.id, b.id)).map((shard) => resolver.resolve(shard));
  if (resolver.findings.length > 0) throw new StowageError(resolver.findings);
  return [
    {
      shard: null,
      objects: [
        ...accessObjects(fleet),
        ...networkPolicies(fleet),
        ...copyBudgets(fleet, plan.shards),
        ...routeTables(fleet),
        ...routerObjects(fleet),
        ...gatewayObjects(fleet),
        ...dashboardObjects(fleet),
      ],
    },
    ...shards.filter((found) => found !== null).map(({ parts, shard, models }) => shardGroup(parts, shard, models)),
  ];
}

interface ResolvedShard {
  readonly parts: ShardParts;
  readonly shard: PlannedShard;
  readonly models: readonly Model[];
}

/** Finds what a plan names in the fleet. */
class Resolver {
  readonly findings: Diagnostic[] = [];
  private readonly pools;
  private readonly runtimes;
  private readonly models;
  private readonly ids = new Set<string>();

  constructor(private readonly fleet: Fleet) {
    this.pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
    this.runtimes = new Map(fleet.runtimes.map((runtime) => [runtime.name, runtime]));
    this.models = new Map(fleet.models.map((model) => [model.key, model]));
  }

  resolve(shard: PlannedShard): ResolvedShard | null {
    const { fleet } = this;
    this.checkId(shard.id);
    const pool = this.find(this.pools, 'pool', shard.pool, shard);
    const runtime = this.find(this.runtimes, 'runtime', shard.runtime, shard);
    const models = shard.models.map((key) => this.find(this.models, 'model', key, shard));
    if (pool === null || runtime === null) return null;
    const base = runtime.baseModels.find(({ name }) => name === shard.base) ?? null;
    if (shard.base !== null && base === null) this.unknown('base model', shard.base, shard);
    const share = podShare(pool);
    if (share.cpuMillis < fleet.mesh.agentCpuMillis || share.memoryBytes <= fleet.mesh.agentMemoryBytes) {
      this.findings.push(
        diagnostic(
          'STW4002',
          `the agent takes all that a pod of pool "${pool.name}" has: nothing is left for a server`,
        ),
      );
    }
    return { parts: { fleet, shard, pool, runtime, base }, shard, models: models.filter((model) => model !== null) };
  }

  private checkId(id: string): void {
    const valid = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(id) && names.shard(this.fleet, id).length <= 63;
    const problem = !valid
      ? 'does not make a name of at most 63 lower-case letters, digits and "-"'
      : isReservedShardId(id)
        ? "makes a name of the fleet's own"
        : this.ids.has(id)
          ? 'is that of two shards'
          : null;
    this.ids.add(id);
    if (problem === null) return;
    this.findings.push(
      diagnostic('STW4002', `the shard id "${id}" ${problem}`, { hint: 'Rename it in the lockfile.' }),
    );
  }

  private find<T>(known: ReadonlyMap<string, T>, kind: string, name: string, shard: PlannedShard): T | null {
    const found = known.get(name);
    if (found === undefined) this.unknown(kind, name, shard);
    return found ?? null;
  }

  private unknown(kind: string, name: string, shard: PlannedShard): void {
    this.findings.push(
      diagnostic(
        'STW4001',
        `the plan puts the ${kind} "${name}" in shard ${shard.id}; the fleet has none of that name`,
      ),
    );
  }
}
