import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FleetInput } from '../../../src/declare/input';
import { loadFleet } from '../../../src/declare/load-fleet';
import type { LockedModel, LockedPlacement } from '../../../src/pack/packing';
import { formatLockfile } from '../../../src/plan/lockfile';
import type { Plan } from '../../../src/plan/plan';
import { type PlannedFleet, planFleet } from '../../../src/project/plan-fleet';
import { root } from '../bed';
import { must } from '../commands';
import { folderOf, makeSumModels, type SumModel } from './sum-models';

export interface FleetShape {
  /** Of the fleet, its namespace and its pool. */
  readonly name: string;
  readonly layout: 'copies' | 'equal';
  readonly models: readonly SumModel[];
  readonly modelsPerShard: number | null;
  readonly routers: number;
  readonly routerImage?: string;
}

/** A fleet as its owner keeps it: a file, a lockfile beside it, and the models. */
export class FleetFiles {
  private readonly file: string;
  private readonly lockfile: string;

  constructor(
    private readonly folder: string,
    private shape: FleetShape,
  ) {
    this.file = join(folder, 'fleet.json');
    this.lockfile = join(folder, 'stowage.lock');
    makeSumModels(join(folder, 'models'), shape.models);
    this.write();
  }

  get name(): string {
    return this.shape.name;
  }

  /** Declares something else; the lockfile stays. */
  declare(changed: Partial<FleetShape>): void {
    this.shape = { ...this.shape, ...changed };
    this.write();
  }

  /** What the files say now. */
  plan(): PlannedFleet {
    return planFleet(loadFleet(this.file), { lockfile: this.lockfile });
  }

  /** `stowage plan`: what would change. */
  async changes(...options: readonly string[]): Promise<Plan['changes']> {
    const plan = JSON.parse(await this.stowage('plan', '--format', 'json', ...options)) as Plan;
    return plan.changes;
  }

  /** `stowage lock` */
  async lock(...options: readonly string[]): Promise<PlannedFleet> {
    await this.stowage('lock', ...options);
    return this.plan();
  }

  /** What `stowage synth` writes. */
  synth(): Promise<string> {
    return this.stowage('synth');
  }

  /**
   * Edits the lockfile: `count` models that another shard could hold, drawn by the seed, go there with a copy; every third
   * of those of several copies with all of them, where there are shards enough.
   */
  move(count: number, seed: number): void {
    const { locked, plan } = this.plan();
    const runtimes = new Map(plan.shards.map(({ id, runtime }) => [id, runtime]));
    const elsewhere = ({ shards: [first = '', ...others] }: LockedModel): readonly string[] =>
      [...runtimes.keys()].filter(
        (id) => id !== first && !others.includes(id) && runtimes.get(id) === runtimes.get(first),
      );
    const movable = locked.models.flatMap((model, index) => (elsewhere(model).length > 0 ? [index] : []));
    const [picks = []] = fc.sample(fc.shuffledSubarray(movable, { minLength: count, maxLength: count }), {
      ...{ numRuns: 1, seed },
    });
    const turns = new Map(picks.map((index, turn) => [index, turn]));
    const models = locked.models.map((model, index): LockedModel => {
      const turn = turns.get(index);
      if (turn === undefined) return model;
      const others = elsewhere(model);
      const target = (k: number): string => others[(turn + seed + k) % others.length] ?? '';
      const copies = turn % 3 === 2 && others.length >= model.shards.length ? model.shards.length : 1;
      const came = Array.from({ length: copies }, (_, k) => target(k));
      return { ...model, shards: [...came, ...model.shards.slice(copies)].sort() };
    });
    const moved: LockedPlacement = { ...locked, models };
    writeFileSync(this.lockfile, formatLockfile(moved));
  }

  private stowage(verb: string, ...options: readonly string[]): Promise<string> {
    const args = [join(root, 'dist/src/cli/main.js'), verb, this.file, '--quiet', ...options];
    // On CI `plan` asks for a current lockfile.
    return must(process.execPath, args, { cwd: root, env: { ...process.env, CI: '' } });
  }

  private write(): void {
    const { name, layout, models, modelsPerShard, routers, routerImage } = this.shape;
    const fleet: FleetInput = {
      ...{ name, namespace: name },
      // Names of nodes are of the pool: each fleet has nodes of its own.
      pools: [{ name, cpu: 16, memory: '32Gi', podsPerNode: 8 }],
      packing: { layout },
      ...(modelsPerShard === null ? {} : { budgets: { modelsPerShard } }),
      models: models.map((model) => ({
        ...{ name: model.name, format: model.format, replicas: model.replicas, memory: '2Mi' },
        ...(model.tenant === undefined ? {} : { tenant: model.tenant }),
        storageUri: `file://${join(this.folder, 'models', folderOf(model))}`,
      })),
      mesh: {
        router: {
          ...{ replicas: routers, maxReplicas: routers },
          ...(routerImage === undefined ? {} : { image: routerImage }),
        },
      },
    };
    writeFileSync(this.file, JSON.stringify(fleet));
  }
}
