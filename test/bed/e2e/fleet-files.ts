import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FleetInput } from '../../../src/declare/input';
import { loadFleet } from '../../../src/declare/load-fleet';
import { findParts } from '../../../src/local/parts';
import type { LockedPlacement } from '../../../src/pack/packing';
import { formatLockfile } from '../../../src/plan/lockfile';
import { type PlannedFleet, planFleet, saveLock } from '../../../src/project/plan-fleet';
import { root } from '../bed';
import { must } from '../commands';
import { layout, type Size } from './size';

/** A fleet as its owner keeps it: a file, a lockfile beside it, and the models. */
export class FleetFiles {
  readonly names: readonly string[];
  private readonly file: string;
  private readonly lockfile: string;

  /** Trains the models: number i adds i to what it is asked. */
  constructor(folder: string, size: Size) {
    this.names = Array.from({ length: size.models }, (_, i) => `m${String(i).padStart(3, '0')}`);
    this.file = join(folder, 'fleet.json');
    this.lockfile = join(folder, 'stowage.lock');
    const models = join(folder, 'models');
    const python = join(findParts(['mlserver']).directory, 'mlserver/bin/python');
    const script = join(root, 'test/mesh/e2e/sum-models.py');
    execFileSync(python, [script, models, ...this.names], { timeout: 120_000 });
    const fleet: FleetInput = {
      name: 'sums',
      namespace: 'sums',
      pools: [{ name: 'cpu', cpu: 16, memory: '32Gi', podsPerNode: 8 }],
      packing: { layout },
      budgets: { modelsPerShard: Math.ceil(size.models / size.shards) },
      models: this.names.map((name) => ({
        name,
        format: 'sklearn',
        storageUri: `file://${join(models, name)}`,
        memory: '2Mi',
        replicas: size.replicas,
      })),
      mesh: { router: { replicas: size.routers, maxReplicas: size.routers } },
    };
    this.write(fleet);
    saveLock(this.plan());
    // Room for models to gather in one shard.
    this.write({ ...fleet, budgets: { modelsPerShard: size.models } });
  }

  plan(): PlannedFleet {
    return planFleet(loadFleet(this.file), { lockfile: this.lockfile });
  }

  /** Puts `count` models, drawn by the seed, each into another shard of the lockfile. */
  move(count: number, seed: number): PlannedFleet {
    const { locked, plan } = this.plan();
    const ids = plan.shards.map(({ id }) => id);
    const [picks = []] = fc.sample(
      fc.shuffledSubarray([...locked.models.keys()], { minLength: count, maxLength: count }),
      {
        ...{ numRuns: 1, seed },
      },
    );
    const moving = new Map(picks.map((index, turn) => [index, turn]));
    const models = locked.models.map((model, index) => {
      const turn = moving.get(index);
      if (turn === undefined) return model;
      const others = ids.filter((id) => !model.shards.includes(id));
      return { ...model, shards: [others[(turn + seed) % others.length] ?? '', ...model.shards.slice(1)].sort() };
    });
    const moved: LockedPlacement = { ...locked, models };
    writeFileSync(this.lockfile, formatLockfile(moved));
    const planned = this.plan();
    saveLock(planned);
    return planned;
  }

  /** What `stowage synth` writes. */
  synth(): Promise<string> {
    return must(process.execPath, [join(root, 'dist/src/cli/main.js'), 'synth', this.file], { cwd: root });
  }

  private write(fleet: FleetInput): void {
    writeFileSync(this.file, JSON.stringify(fleet));
  }
}
