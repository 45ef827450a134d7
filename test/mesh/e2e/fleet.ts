import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineFleet } from '../../../src/declare/define-fleet';
import type { Fleet } from '../../../src/declare/fleet';
import { findParts } from '../../../src/local/parts';
import type { LockedPlacement } from '../../../src/pack/packing';
import { formatLockfile } from '../../../src/plan/lockfile';
import { type PlannedFleet, planFleet } from '../../../src/project/plan-fleet';

/** `m00`, `m01`, ...: number i adds i to what it is asked. */
export function modelNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `m${String(i).padStart(2, '0')}`);
}

/** Trains the models into `directory`/models and declares them: two replicas, `perShard` in a shard. */
export function trainedFleet(directory: string, names: readonly string[], perShard: number): Fleet {
  const python = join(findParts(['mlserver']).directory, 'mlserver/bin/python');
  execFileSync(python, [join(__dirname, 'sum-models.py'), join(directory, 'models'), ...names], { timeout: 120_000 });
  return defineFleet({
    name: 'sums',
    pools: [{ name: 'cpu', cpu: 8, memory: '16Gi' }],
    packing: { layout: 'equal' },
    budgets: { modelsPerShard: perShard },
    models: names.map((name) => ({
      name,
      format: 'sklearn',
      storageUri: `file:models/${name}`,
      memory: '2Mi',
      replicas: 2,
    })),
  });
}

/** The plan that has these models in other shards than `before`, and everything else where it was. */
export function movedPlan(
  fleet: Fleet,
  before: PlannedFleet,
  moves: Readonly<Record<string, string>>,
  directory: string,
): PlannedFleet {
  const locked: LockedPlacement = {
    ...before.locked,
    models: before.locked.models.map((model) => ({
      ...model,
      shards: model.key in moves ? [moves[model.key] as string] : model.shards,
    })),
  };
  const lockfile = join(directory, 'stowage.lock');
  writeFileSync(lockfile, formatLockfile(locked));
  return planFleet(fleet, { lockfile });
}
