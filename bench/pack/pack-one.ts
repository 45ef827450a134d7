import { pack } from '../../src/pack/pack';
import { checkDualBound } from '../../src/verify/dual-bound';
import { inCopies } from './copies';
import { packBy, policies } from './policies';
import { instanceOf, type Spec } from './suite';

export interface Outcome {
  readonly how: string;
  readonly pods: number;
  readonly costMicros: number;
  /** Of processor time; null: not measured. */
  readonly seconds: number | null;
}

export interface StowageRun {
  readonly name: string;
  readonly models: number;
  readonly stowage: Outcome;
  readonly bound: { readonly pods: number; readonly costMicros: number };
  readonly peakBytes: number;
  /** What the checker finds wrong with the bound. */
  readonly findings: readonly string[];
}

/** Run as a process of its own: `pack-one.ts stowage|stowage-max|policies SPEC` prints one line of JSON. */
const [, , what, text = ''] = process.argv;
const spec = JSON.parse(text) as Spec;
console.log(JSON.stringify(what === 'policies' ? byPolicies(spec) : byStowage(spec, what === 'stowage-max')));

function byStowage(spec: Spec, max: boolean): StowageRun {
  const { name, fleet } = instanceOf(spec);
  const start = process.cpuUsage();
  const { shards, bound } = pack({ fleet, effort: max ? 'max' : 'default' });
  const seconds = secondsSince(start);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const prices = new Map(fleet.pools.map((pool) => [pool.name, pool.podPriceMicrosPerHour]));
  return {
    name,
    models: fleet.models.length,
    stowage: {
      how: 'Stowage',
      pods: shards.reduce((sum, shard) => sum + shard.replicas, 0),
      costMicros: shards.reduce((sum, shard) => sum + shard.replicas * (prices.get(shard.pool) ?? 0), 0),
      seconds,
    },
    bound: { pods: bound.pods, costMicros: bound.podCostMicrosPerHour },
    peakBytes,
    findings: checkDualBound(fleet, bound).map((finding) => finding.message),
  };
}

/** Copies on any pods, as Stowage has them. */
function byPolicies(spec: Spec): Outcome[] {
  const fleet = inCopies(instanceOf(spec).fleet);
  return policies.map((policy) => {
    const start = process.cpuUsage();
    const { pods, podCostMicrosPerHour } = packBy(policy, fleet);
    return { how: policy.name, pods, costMicros: podCostMicrosPerHour, seconds: secondsSince(start) };
  });
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
