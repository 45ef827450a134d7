import { byCodePoint, type Findings } from './findings';
import type { Fleet, Model, ServingRuntime, SourceLocation, Tenant } from './fleet';
import type { FleetFrame } from './frame';
import type { ModelInput } from './input';
import { type At, type Located, placeText } from './located';
import { PoolChoice } from './model-pools';
import { RuntimeChoice } from './model-runtime';
import { readFootprint, readLoad } from './model-sizes';
import { milliseconds } from './quantities';
import { sharedGroup } from './tenants';

const none: readonly string[] = [];
const noLabels: Readonly<Record<string, string>> = {};

/** A tenant's models so far. Mutable. */
class Own {
  /** Where each was first declared, by name, and version where that is not 1. */
  readonly seen = new Map<string, SourceLocation>();
  readonly models: Model[] = [];
  readonly prefix: string;

  constructor(readonly tenant: Tenant) {
    this.prefix = `${tenant.name}/`;
  }
}

/** Turns checked entries into models, one by one, and ends with the fleet. */
export class ModelCollector {
  private readonly tenants: Map<string, Own>;
  private readonly runtimes: RuntimeChoice;
  private readonly pools: PoolChoice;
  private readonly models: Model[] = [];

  constructor(
    private readonly frame: FleetFrame,
    private readonly findings: Findings,
  ) {
    this.tenants = new Map(frame.tenants.map((tenant) => [tenant.name, new Own(tenant)]));
    this.runtimes = new RuntimeChoice(frame.runtimes, findings);
    this.pools = new PoolChoice(frame, findings);
  }

  get count(): number {
    return this.models.length;
  }

  add(input: ModelInput, located: Located): void {
    const before = this.findings.count;
    const at: At = (...path) => located.at(path);
    const tenant = input.tenant ?? 'default';
    const version = input.version ?? '1';
    const key = `${tenant}/${input.name}@${version}`;
    const source = located.at(none);
    let own = this.tenants.get(tenant);
    if (own === undefined) {
      own = new Own({ name: tenant, isolation: 'shared', group: sharedGroup });
      this.tenants.set(tenant, own);
    }
    const named = version === '1' ? input.name : `${input.name}@${version}`;
    const first = own.seen.get(named);
    if (first !== undefined) {
      this.findings.add('STW1008', `the model ${key} is declared twice: first at ${placeText(first)}`, source);
      return;
    }
    own.seen.set(named, source);
    const runtime = this.runtimes.of(input, key, at);
    const footprint = readFootprint(input, at, this.findings);
    const load = readLoad(input, at, this.findings);
    if (runtime === null) return;
    const base = input.base ?? null;
    this.runtimes.checkBase(runtime, base, key, at);
    if (this.findings.count > before) return;
    const pools = this.pools.of(input, runtime, base, footprint, key, at);
    if (pools.length === 0) return;
    const model = withTimeout(input.timeoutSeconds, {
      key,
      name: input.name,
      version,
      tenant,
      runtime: runtime.name,
      format: input.format,
      base,
      storageUri: input.storageUri,
      footprint,
      load,
      replicas: input.replicas ?? 1,
      residency: input.residency ?? 'resident',
      priority: input.priority ?? 500,
      pools,
      zones: sortedSet(input.zones),
      labels: input.labels === undefined ? noLabels : { ...input.labels },
      neverWith: sortedSet(input.neverWith),
      source,
    });
    own.models.push(model);
    this.models.push(model);
  }

  get keys(): ReadonlySet<string> {
    return new Set(this.models.map((model) => model.key));
  }

  /** Everything sorted; only the runtimes that are used, and the tenants that models alone named, too. */
  fleet(aliases: Fleet['aliases']): Fleet {
    const tenants = [...this.tenants.values()];
    return {
      ...this.frame,
      aliases,
      runtimes: this.usedRuntimes(),
      tenants: tenants.map(({ tenant }) => tenant).sort((a, b) => byCodePoint(a.name, b.name)),
      // No tenant's name has a slash: its models stand together, and short lists are sorted faster than a long one.
      models: tenants.sort((a, b) => byCodePoint(a.prefix, b.prefix)).flatMap(({ models }) => sortedByKey(models)),
    };
  }

  /** Reports totals that whole numbers of a double cannot hold: every later sum is of these. */
  checkTotals(): void {
    const totals = { 'accelerator memory': 0, memory: 0, disk: 0, load: 0 };
    for (const { footprint, load, replicas } of this.models) {
      totals['accelerator memory'] += footprint.acceleratorMemoryBytes * replicas;
      totals.memory += footprint.memoryBytes * replicas;
      totals.disk += footprint.diskBytes * replicas;
      totals.load += Math.max(load.microDuty, load.requestsPerSecondMilli, load.cpuMillis);
    }
    for (const [what, total] of Object.entries(totals)) {
      if (total > Number.MAX_SAFE_INTEGER)
        this.findings.add(
          'STW1019',
          `the models' ${what} together is above what Stowage can add up exactly (2^53 - 1)`,
        );
    }
  }

  private usedRuntimes(): readonly ServingRuntime[] {
    const used = new Set(this.models.map((model) => model.runtime));
    return this.frame.runtimes.filter((runtime) => used.has(runtime.name));
  }
}

function withTimeout(seconds: number | undefined, model: Model): Model {
  return seconds === undefined ? model : { ...model, timeoutMs: milliseconds(seconds) };
}

function sortedByKey(models: Model[]): readonly Model[] {
  const sorted = models.every(({ key }, i) => i === 0 || (models[i - 1] as Model).key < key);
  return sorted ? models : models.sort((a, b) => byCodePoint(a.key, b.key));
}

function sortedSet(values: readonly string[] | undefined): readonly string[] {
  return values === undefined || values.length === 0 ? none : [...new Set(values)].sort(byCodePoint);
}
