import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement, Packing } from '../../src/pack/packing';
import { makePlan } from '../../src/plan/make-plan';
import type { Plan } from '../../src/plan/plan';
import { verifyPlan } from '../../src/verify/verify';

export interface Planned {
  readonly fleet: Fleet;
  readonly packing: Packing;
  readonly plan: Plan;
}

export function planned(input: FleetInput, prior?: LockedPlacement): Planned {
  const fleet = defineFleet(input);
  const packing = pack({ fleet, ...(prior === undefined ? {} : { prior }) });
  return { fleet, packing, plan: makePlan(fleet, packing, prior) };
}

/** As it comes from a file: parsed JSON, free to change. */
export function copyOf(plan: Plan): DeepMutable<Plan> {
  return JSON.parse(JSON.stringify(plan));
}

export type DeepMutable<T> = T extends object ? { -readonly [K in keyof T]: DeepMutable<T[K]> } : T;

/** The findings as `code path`, to compare with. */
export function found(fleet: Fleet, plan: unknown, prior?: LockedPlacement): string[] {
  return verifyPlan(fleet, plan, prior).findings.map(({ code, location }) => `${code} ${location?.path ?? ''}`.trim());
}

/** Ten models of several classes on two pools, with budgets, each in one shard: small enough to say by hand what is wrong. */
export const example: FleetInput = {
  name: 'example',
  packing: { layout: 'equal' },
  pools: [
    { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1.36, maxNodes: 10 },
    {
      name: 'l4',
      accelerator: { kind: 'L4', memory: '23034Mi', perNode: 4 },
      cpu: 48,
      memory: '192Gi',
      pricePerNodeHour: 3.2,
      speed: 0.6,
      minNodes: 1,
    },
  ],
  tenants: [
    { name: 'solo', isolation: 'process' },
    { name: 'vault', isolation: 'node' },
  ],
  models: [
    ...['a', 'b', 'c', 'd'].map((name, i) => ({
      name,
      format: 'sklearn',
      storageUri: `s3://models/${name}`,
      memory: `${500 + i}Mi`,
      replicas: i === 0 ? 2 : 1,
      requestsPerSecond: 3,
      cpuSecondsPerRequest: 0.01,
    })),
    ...['e', 'f', 'g'].map((name) => ({
      name,
      format: 'onnx',
      storageUri: `s3://models/${name}`,
      gpuMemory: '9Gi',
      memory: '1Gi',
      requestsPerSecond: 2,
      gpuSecondsPerRequest: 0.02,
      ...(name === 'e' ? { labels: { team: 'red' } } : { neverWith: ['team=red'] }),
    })),
    { name: 'h', tenant: 'solo', format: 'sklearn', storageUri: 's3://models/h', memory: '1Gi' },
    { name: 'i', tenant: 'vault', format: 'sklearn', storageUri: 's3://models/i', memory: '1Gi', replicas: 5 },
    { name: 'j', format: 'sklearn', storageUri: 's3://models/j', memory: '1Gi', zones: ['east'] },
  ],
  budgets: { pods: 50, ips: 50, nodes: { limit: 3, enforcement: 'warn' }, gpus: { L4: 8 }, costPerHour: 100, moves: 2 },
};
