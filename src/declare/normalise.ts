import { builtInRuntimes } from '../runtimes/catalogue';
import { podCapacity } from './capacity';
import { byCodePoint, type Findings, nearest } from './findings';
import type {
  BaselineOptions,
  BaseModel,
  Budgets,
  Enforcement,
  Fleet,
  Limit,
  MeshOptions,
  Model,
  PackingOptions,
  Pool,
  ServingRuntime,
  SourceLocation,
  Tenant,
} from './fleet';
import type { LimitInput, Quantity, RuntimeInput } from './input';
import { parseBytes, parseCpuMillis, parseMicros, parseMillis, type QuantityResult } from './quantities';
import type { FleetHead, ParsedModel } from './schema';
import type { Located } from './validate';

const MiB = 2 ** 20;
const version = '0.1.0';

type At = (...path: readonly PropertyKey[]) => SourceLocation;
type Parse = (input: unknown) => QuantityResult;

/** Reads quantities; a bad one is a finding and reads as 0, so that checking goes on. */
class Quantities {
  constructor(
    private readonly findings: Findings,
    private readonly at: At,
  ) {}

  read(parse: Parse, value: Quantity | undefined, fallback: Quantity, ...path: readonly PropertyKey[]): number {
    const result = parse(value ?? fallback);
    if (result.ok) return result.value;
    this.findings.add('STW1007', `"${path.map(String).join('.')}" ${result.reason}`, this.at(...path));
    return 0;
  }

  limit<T extends Quantity>(
    parse: Parse,
    value: LimitInput<T> | undefined,
    ...path: readonly PropertyKey[]
  ): Limit | null {
    if (value === undefined) return null;
    const [amount, enforcement]: [Quantity, Enforcement] =
      typeof value === 'object' ? [value.limit, value.enforcement ?? 'hard'] : [value, 'hard'];
    return { limit: this.read(parse, amount, 0, ...path), enforcement };
  }
}

/** Everything of a fleet but its models. */
export interface FleetFrame {
  readonly name: string;
  readonly namespace: string;
  readonly pools: readonly Pool[];
  readonly runtimes: readonly ServingRuntime[];
  readonly tenants: readonly Tenant[];
  readonly budgets: Budgets;
  readonly packing: PackingOptions;
  readonly mesh: MeshOptions;
  readonly baseline: BaselineOptions;
}

export function normaliseFrame(head: FleetHead, source: Located, findings: Findings): FleetFrame {
  const at: At = (...path) => source.at(path);
  const quantities = new Quantities(findings, at);
  if (head.pools.length === 0) findings.add('STW1016', 'the fleet declares no pool', at('pools'));
  unique(head.pools, 'pools', 'pool', at, findings);
  unique(head.runtimes ?? [], 'runtimes', 'runtime', at, findings);
  unique(head.tenants ?? [], 'tenants', 'tenant', at, findings);
  const pools = head.pools.map((pool, i) => normalisePool(pool, i, quantities, findings, at));
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
    runtimes: normaliseRuntimes(head, quantities, findings, at),
    tenants: (head.tenants ?? [])
      .map((tenant): Tenant => {
        const isolation = tenant.isolation ?? 'shared';
        return {
          name: tenant.name,
          isolation,
          group: isolation === 'shared' ? 'shared' : (tenant.group ?? groupOf(tenant.name)),
        };
      })
      .sort((a, b) => byCodePoint(a.name, b.name)),
    budgets: normaliseBudgets(head, quantities),
    packing: {
      utilizationTargetMicro: quantities.read(
        parseMicros,
        head.packing?.utilizationTarget,
        0.7,
        'packing',
        'utilizationTarget',
      ),
      acceleratorReserveBytes: quantities.read(
        parseBytes,
        head.packing?.acceleratorReserve,
        '512Mi',
        'packing',
        'acceleratorReserve',
      ),
    },
    mesh: normaliseMesh(head, quantities),
    baseline: {
      podsPerReplica: head.baseline?.podsPerReplica ?? 1,
      sidecarCpuMillis: quantities.read(parseCpuMillis, head.baseline?.sidecarCpu, '500m', 'baseline', 'sidecarCpu'),
      sidecarMemoryBytes: quantities.read(
        parseBytes,
        head.baseline?.sidecarMemory,
        '500M',
        'baseline',
        'sidecarMemory',
      ),
      minReplicas: head.baseline?.minReplicas ?? 1,
    },
  };
}

/** A tenant's name may hold characters that a label value or a group may not. */
function groupOf(tenant: string): string {
  return tenant
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, 63);
}

function unique(
  entries: readonly { readonly name: string }[],
  list: string,
  word: string,
  at: At,
  findings: Findings,
): void {
  const seen = new Map<string, number>();
  entries.forEach((entry, i) => {
    const first = seen.get(entry.name);
    if (first === undefined) seen.set(entry.name, i);
    else
      findings.add(
        'STW1008',
        `the ${word} "${entry.name}" is declared twice: also as ${list}[${first}]`,
        at(list, i, 'name'),
      );
  });
}

function remedyNear(word: string, candidates: Iterable<string>): string {
  const all = [...candidates].sort(byCodePoint);
  const near = nearest(word, all);
  if (near !== null) return `Did you mean "${near}"?`;
  return all.length === 0
    ? 'None is declared.'
    : `Declared: ${all.slice(0, 10).join(', ')}${all.length > 10 ? ', ...' : ''}.`;
}

function normalisePool(
  pool: FleetHead['pools'][number],
  i: number,
  quantities: Quantities,
  findings: Findings,
  at: At,
): Pool {
  const given = pool.accelerator;
  const mig = given?.mig ?? null;
  const accelerator =
    given === undefined
      ? null
      : {
          kind: given.kind,
          memoryBytes: quantities.read(parseBytes, given.memory, 0, 'pools', i, 'accelerator', 'memory'),
          perNode: given.perNode ?? 1,
          mig,
          resourceName: given.resourceName ?? (mig === null ? 'nvidia.com/gpu' : `nvidia.com/mig-${mig}`),
        };
  const maxPods = pool.maxPods ?? 110;
  const systemPods = pool.systemPods ?? 10;
  const room = Math.min(
    maxPods - systemPods,
    pool.ipsPerNode ?? Number.MAX_SAFE_INTEGER,
    accelerator?.perNode ?? Number.MAX_SAFE_INTEGER,
  );
  if (room < 1)
    findings.add(
      'STW1004',
      `a node of pool "${pool.name}" has no room for a pod: maxPods ${maxPods}, systemPods ${systemPods}`,
      at('pools', i, 'maxPods'),
    );
  if (pool.podsPerNode !== undefined && pool.podsPerNode > room) {
    findings.add(
      'STW1004',
      `podsPerNode ${pool.podsPerNode} is above the ${room} that accelerators, maxPods and ipsPerNode leave`,
      at('pools', i, 'podsPerNode'),
    );
  }
  if (pool.maxNodes !== undefined && (pool.minNodes ?? 0) > pool.maxNodes) {
    findings.add('STW1004', `minNodes ${pool.minNodes} is above maxNodes ${pool.maxNodes}`, at('pools', i, 'minNodes'));
  }
  const podsPerNode = Math.max(1, Math.min(room, pool.podsPerNode ?? accelerator?.perNode ?? 4));
  const price = quantities.read(parseMicros, pool.pricePerNodeHour, 0, 'pools', i, 'pricePerNodeHour');
  return {
    name: pool.name,
    accelerator,
    nodeCpuMillis: quantities.read(parseCpuMillis, pool.cpu, 0, 'pools', i, 'cpu'),
    nodeMemoryBytes: quantities.read(parseBytes, pool.memory, 0, 'pools', i, 'memory'),
    nodeDiskBytes: quantities.read(parseBytes, pool.disk, '200Gi', 'pools', i, 'disk'),
    maxPods,
    systemPods,
    ipsPerNode: pool.ipsPerNode ?? null,
    podsPerNode,
    minNodes: pool.minNodes ?? 0,
    maxNodes: pool.maxNodes ?? null,
    nodePriceMicrosPerHour: price,
    podPriceMicrosPerHour: Math.round(price / podsPerNode),
    speedMilli: quantities.read(parseMillis, pool.speed, 1, 'pools', i, 'speed'),
    zones: [...(pool.zones ?? [])].sort(byCodePoint),
    nodeSelector: pool.nodeSelector ?? { 'stowage.dev/pool': pool.name },
    tolerations: (
      pool.tolerations ??
      (accelerator === null
        ? []
        : [{ key: 'nvidia.com/gpu', operator: 'Exists' as const, effect: 'NoSchedule' as const }])
    ).map(({ key, operator, value, effect }) => ({
      ...(key === undefined ? {} : { key }),
      ...(operator === undefined ? {} : { operator }),
      ...(value === undefined ? {} : { value }),
      ...(effect === undefined ? {} : { effect }),
    })),
  };
}

function normaliseBudgets(head: FleetHead, quantities: Quantities): Budgets {
  const budgets = head.budgets ?? {};
  const whole: Parse = (value) => parseBytes(value);
  const gpus: Record<string, Limit> = {};
  for (const [kind, value] of Object.entries(budgets.gpus ?? {}).sort(([a], [b]) => byCodePoint(a, b))) {
    const limit = quantities.limit(whole, value, 'budgets', 'gpus', kind);
    if (limit !== null) gpus[kind] = limit;
  }
  return {
    pods: quantities.limit(whole, budgets.pods, 'budgets', 'pods'),
    ips: quantities.limit(whole, budgets.ips, 'budgets', 'ips'),
    nodes: quantities.limit(whole, budgets.nodes, 'budgets', 'nodes'),
    gpus,
    cpuMillis: quantities.limit(parseCpuMillis, budgets.cpu, 'budgets', 'cpu'),
    memoryBytes: quantities.limit(parseBytes, budgets.memory, 'budgets', 'memory'),
    costMicrosPerHour: quantities.limit(parseMicros, budgets.costPerHour, 'budgets', 'costPerHour'),
    modelsPerShard: quantities.limit(whole, budgets.modelsPerShard, 'budgets', 'modelsPerShard'),
    moves: quantities.limit(whole, budgets.moves, 'budgets', 'moves'),
    moveBytes: quantities.limit(parseBytes, budgets.moveBytes, 'budgets', 'moveBytes'),
  };
}

function normaliseMesh(head: FleetHead, quantities: Quantities): MeshOptions {
  const mesh = head.mesh ?? {};
  const router = mesh.router ?? {};
  const replicas = router.replicas ?? 2;
  return {
    routerReplicas: replicas,
    routerMaxReplicas: Math.max(replicas, router.maxReplicas ?? 10),
    routerImage: router.image ?? `ghcr.io/stowage/router:${version}`,
    routerCpuMillis: quantities.read(parseCpuMillis, router.cpu, '250m', 'mesh', 'router', 'cpu'),
    routerMemoryBytes: quantities.read(parseBytes, router.memory, '256Mi', 'mesh', 'router', 'memory'),
    envoyCpuMillis: quantities.read(parseCpuMillis, router.envoy?.cpu, '500m', 'mesh', 'router', 'envoy', 'cpu'),
    envoyMemoryBytes: quantities.read(parseBytes, router.envoy?.memory, '512Mi', 'mesh', 'router', 'envoy', 'memory'),
    agentImage: mesh.agent?.image ?? `ghcr.io/stowage/agent:${version}`,
    agentCpuMillis: quantities.read(parseCpuMillis, mesh.agent?.cpu, '100m', 'mesh', 'agent', 'cpu'),
    agentMemoryBytes: quantities.read(parseBytes, mesh.agent?.memory, '128Mi', 'mesh', 'agent', 'memory'),
    serviceType: mesh.serviceType ?? 'ClusterIP',
    gateway:
      mesh.gateway === undefined
        ? null
        : { name: mesh.gateway.name, namespace: mesh.gateway.namespace, hostnames: mesh.gateway.hostnames ?? [] },
    storageSecretName: mesh.storageSecretName ?? null,
    clientNamespaces: [...(mesh.clientNamespaces ?? [])].sort(byCodePoint),
  };
}

/** Built-in runtimes and the user's own, an own one of the same name in place of the built-in. */
function normaliseRuntimes(
  head: FleetHead,
  quantities: Quantities,
  findings: Findings,
  at: At,
): readonly ServingRuntime[] {
  const byName = new Map(builtInRuntimes.map((runtime) => [runtime.name, runtime]));
  const builtIn = new Map(byName);
  (head.runtimes ?? []).forEach((input: RuntimeInput, i) => {
    const parent = input.extends === undefined ? undefined : builtIn.get(input.extends);
    if (input.extends !== undefined && parent === undefined) {
      findings.add(
        'STW1009',
        `runtime "${input.name}" extends "${input.extends}", which is not built in`,
        at('runtimes', i, 'extends'),
        remedyNear(input.extends, builtIn.keys()),
      );
      return;
    }
    if (parent === undefined) {
      for (const field of ['adapter', 'image', 'formats', 'ports'] as const) {
        if (input[field] === undefined)
          findings.add(
            'STW1006',
            `runtime "${input.name}" needs "${field}" because it extends none`,
            at('runtimes', i, field),
          );
      }
    }
    byName.set(input.name, mergeRuntime(input, parent, i, quantities));
  });
  return [...byName.values()].sort((a, b) => byCodePoint(a.name, b.name));
}

function mergeRuntime(
  input: RuntimeInput,
  parent: ServingRuntime | undefined,
  i: number,
  quantities: Quantities,
): ServingRuntime {
  const path = ['runtimes', i] as const;
  const base = input.baseFootprint ?? {};
  const shared = input.sharedMemory ?? {};
  return {
    name: input.name,
    adapter: input.adapter ?? parent?.adapter ?? 'triton',
    image: input.image ?? parent?.image ?? '',
    command: input.command ?? parent?.command ?? [],
    args: input.args ?? parent?.args ?? [],
    env: { ...parent?.env, ...input.env },
    ports: input.ports
      ? { http: input.ports.http, grpc: input.ports.grpc ?? null, metrics: input.ports.metrics ?? null }
      : (parent?.ports ?? { http: 8000, grpc: null, metrics: null }),
    livenessPath: input.livenessPath ?? parent?.livenessPath ?? '/v2/health/live',
    startupSeconds: input.startupSeconds ?? parent?.startupSeconds ?? 300,
    baseFootprint: {
      cpuMillis:
        base.cpu === undefined && parent
          ? parent.baseFootprint.cpuMillis
          : quantities.read(parseCpuMillis, base.cpu, '250m', ...path, 'baseFootprint', 'cpu'),
      memoryBytes:
        base.memory === undefined && parent
          ? parent.baseFootprint.memoryBytes
          : quantities.read(parseBytes, base.memory, '512Mi', ...path, 'baseFootprint', 'memory'),
      acceleratorMemoryBytes:
        base.gpuMemory === undefined && parent
          ? parent.baseFootprint.acceleratorMemoryBytes
          : quantities.read(parseBytes, base.gpuMemory, 0, ...path, 'baseFootprint', 'gpuMemory'),
      diskBytes:
        base.disk === undefined && parent
          ? parent.baseFootprint.diskBytes
          : quantities.read(parseBytes, base.disk, '256Mi', ...path, 'baseFootprint', 'disk'),
    },
    perModelMemoryBytes:
      input.perModelMemory === undefined
        ? (parent?.perModelMemoryBytes ?? 0)
        : quantities.read(parseBytes, input.perModelMemory, 0, ...path, 'perModelMemory'),
    sharedMemory: {
      baseBytes:
        shared.base === undefined
          ? (parent?.sharedMemory.baseBytes ?? 64 * MiB)
          : quantities.read(parseBytes, shared.base, 0, ...path, 'sharedMemory', 'base'),
      perModelBytes:
        shared.perModel === undefined
          ? (parent?.sharedMemory.perModelBytes ?? 0)
          : quantities.read(parseBytes, shared.perModel, 0, ...path, 'sharedMemory', 'perModel'),
    },
    formats: [...(input.formats ?? parent?.formats ?? [])].sort(byCodePoint),
    accelerator: input.accelerator ?? parent?.accelerator ?? 'optional',
    maxModelsPerPod: input.maxModelsPerPod ?? parent?.maxModelsPerPod ?? null,
    repository: {
      path: input.repository?.path ?? parent?.repository.path ?? '/models',
      layout: input.repository?.layout ?? parent?.repository.layout ?? 'model-version-directories',
    },
    protocols: input.protocols ?? parent?.protocols ?? ['v2-rest'],
    baseModels: input.baseModels
      ? input.baseModels
          .map((model, k): BaseModel => {
            const gpu = quantities.read(parseBytes, model.gpuMemory, 0, ...path, 'baseModels', k, 'gpuMemory');
            return {
              name: model.name,
              storageUri: model.storageUri,
              acceleratorMemoryBytes: gpu,
              memoryBytes: quantities.read(parseBytes, model.memory, '1Gi', ...path, 'baseModels', k, 'memory'),
              diskBytes: quantities.read(parseBytes, model.disk, gpu, ...path, 'baseModels', k, 'disk'),
            };
          })
          .sort((a, b) => byCodePoint(a.name, b.name))
      : (parent?.baseModels ?? []),
    runAsUser: input.runAsUser ?? parent?.runAsUser ?? 1000,
  };
}

/** Turns parsed models into `Model`s; remembers what it derived for one frame, as thousands of models repeat it. */
export class ModelNormaliser {
  private readonly tenants: Map<string, Tenant>;
  private readonly runtimes: Map<string, ServingRuntime>;
  private readonly byFormat = new Map<string, ServingRuntime[]>();
  private readonly poolCache = new Map<string, readonly string[]>();
  private readonly roomCache = new Map<string, ReturnType<typeof podCapacity>>();
  private readonly seen = new Map<string, SourceLocation>();

  constructor(
    private readonly frame: FleetFrame,
    private readonly findings: Findings,
  ) {
    this.tenants = new Map(frame.tenants.map((tenant) => [tenant.name, tenant]));
    this.runtimes = new Map(frame.runtimes.map((runtime) => [runtime.name, runtime]));
    for (const runtime of frame.runtimes) {
      for (const format of runtime.formats) this.byFormat.set(format, [...(this.byFormat.get(format) ?? []), runtime]);
    }
  }

  /** The tenants of the frame and those that models alone named. */
  allTenants(): readonly Tenant[] {
    return [...this.tenants.values()].sort((a, b) => byCodePoint(a.name, b.name));
  }

  usedRuntimes(models: readonly Model[]): readonly ServingRuntime[] {
    const used = new Set(models.map((model) => model.runtime));
    return this.frame.runtimes.filter((runtime) => used.has(runtime.name));
  }

  normalise(input: ParsedModel, located: Located): Model | null {
    const before = this.findings.count;
    const at: At = (...path) => located.at(path);
    const quantities = new Quantities(this.findings, at);
    const tenant = input.tenant ?? 'default';
    const modelVersion = input.version ?? '1';
    const key = `${tenant}/${input.name}@${modelVersion}`;
    const source = at();
    const first = this.seen.get(key);
    if (first !== undefined) {
      this.findings.add('STW1008', `the model ${key} is declared twice: first at ${place(first)}`, source);
      return null;
    }
    this.seen.set(key, source);
    if (!this.tenants.has(tenant)) this.tenants.set(tenant, { name: tenant, isolation: 'shared', group: 'shared' });
    const runtime = this.runtimeOf(input, key, at);
    const footprint = this.footprintOf(input, quantities);
    const load = this.loadOf(input, quantities);
    if (runtime === null) return null;
    const base = input.base ?? null;
    this.checkBase(runtime, base, key, at);
    const pools = this.poolsOf(input, runtime, footprint.acceleratorMemoryBytes, key, at);
    if (this.findings.count > before) return null;
    const fitting = this.withRoom(pools, runtime, base, footprint, key, source);
    if (this.findings.count > before) return null;
    return {
      key,
      name: input.name,
      version: modelVersion,
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
      pools: fitting,
      zones: input.zones === undefined ? none : [...new Set(input.zones)].sort(byCodePoint),
      labels: input.labels ?? noLabels,
      neverWith: input.neverWith === undefined ? none : [...new Set(input.neverWith)].sort(byCodePoint),
      source,
    };
  }

  private runtimeOf(input: ParsedModel, key: string, at: At): ServingRuntime | null {
    const able = this.byFormat.get(input.format) ?? [];
    if (input.runtime === undefined) {
      if (able.length === 1) return able[0] ?? null;
      const message =
        able.length === 0
          ? `no runtime can load the format "${input.format}" of ${key}`
          : `several runtimes can load the format "${input.format}" of ${key}`;
      const hint =
        able.length === 0
          ? remedyNear(input.format, this.byFormat.keys())
          : `Set runtime to one of: ${able.map((runtime) => runtime.name).join(', ')}.`;
      this.findings.add('STW1010', message, at('format'), hint);
      return null;
    }
    const runtime = this.runtimes.get(input.runtime);
    if (runtime === undefined) {
      this.findings.add(
        'STW1009',
        `${key} names the runtime "${input.runtime}", which is not declared`,
        at('runtime'),
        remedyNear(input.runtime, this.runtimes.keys()),
      );
      return null;
    }
    if (!runtime.formats.includes(input.format)) {
      this.findings.add(
        'STW1010',
        `runtime "${runtime.name}" cannot load the format "${input.format}" of ${key}`,
        at('format'),
        `It loads: ${runtime.formats.join(', ')}.`,
      );
      return null;
    }
    return runtime;
  }

  private checkBase(runtime: ServingRuntime, base: string | null, key: string, at: At): void {
    const known = runtime.baseModels.map((model) => model.name);
    if (base === null && runtime.repository.layout === 'adapters') {
      this.findings.add(
        'STW1006',
        `${key} is an adapter and names no base model`,
        at('base'),
        `Set base to one of: ${known.join(', ') || `(declare baseModels on runtime "${runtime.name}")`}.`,
      );
    } else if (base !== null && !known.includes(base)) {
      this.findings.add(
        'STW1009',
        `${key} needs the base model "${base}", which runtime "${runtime.name}" does not declare`,
        at('base'),
        known.length === 0 ? `Declare it in baseModels of runtime "${runtime.name}".` : remedyNear(base, known),
      );
    }
  }

  private footprintOf(input: ParsedModel, quantities: Quantities): Model['footprint'] {
    const own = input.footprint ?? {};
    const memoryGiven = own.memory ?? input.memory;
    const provenance = own.provenance ?? input.provenance ?? (memoryGiven === undefined ? 'estimated' : 'declared');
    const margin = own.margin ?? input.margin ?? (provenance === 'estimated' ? 1.25 : 1);
    const grow = (bytes: number) => (margin === 1 ? bytes : Math.ceil(bytes * margin));
    const gpu = quantities.read(parseBytes, own.gpuMemory ?? input.gpuMemory, 0, 'gpuMemory');
    const memory = quantities.read(parseBytes, memoryGiven, '64Mi', 'memory');
    const disk = quantities.read(parseBytes, own.disk ?? input.disk, Math.max(gpu, memory), 'disk');
    return { acceleratorMemoryBytes: grow(gpu), memoryBytes: grow(memory), diskBytes: disk, provenance };
  }

  private loadOf(input: ParsedModel, quantities: Quantities): Model['load'] {
    const own = input.load ?? {};
    const requests = own.requestsPerSecond ?? input.requestsPerSecond ?? 0;
    const throughput = own.throughputPerSecond ?? input.throughputPerSecond;
    const gpuSeconds =
      own.gpuSecondsPerRequest ?? input.gpuSecondsPerRequest ?? (throughput === undefined ? 0 : 1 / throughput);
    const cpuSeconds = own.cpuSecondsPerRequest ?? input.cpuSecondsPerRequest ?? 0;
    return {
      requestsPerSecondMilli: quantities.read(parseMillis, requests, 0, 'requestsPerSecond'),
      microDuty: quantities.read(parseBytes, Math.ceil(requests * gpuSeconds * 1e6), 0, 'requestsPerSecond'),
      cpuMillis: quantities.read(parseBytes, Math.ceil(requests * cpuSeconds * 1e3), 0, 'requestsPerSecond'),
    };
  }

  private poolsOf(
    input: ParsedModel,
    runtime: ServingRuntime,
    gpuBytes: number,
    key: string,
    at: At,
  ): readonly string[] {
    const needsGpu = runtime.accelerator === 'required' || (runtime.accelerator === 'optional' && gpuBytes > 0);
    const cacheKey = JSON.stringify([input.pools, input.accelerators, input.zones, runtime.name, needsGpu]);
    const cached = this.poolCache.get(cacheKey);
    if (cached !== undefined) return cached;
    const before = this.findings.count;
    const names = new Set(this.frame.pools.map((pool) => pool.name));
    const kinds = new Set(this.frame.pools.flatMap((pool) => (pool.accelerator ? [pool.accelerator.kind] : [])));
    (input.pools ?? []).forEach((name, i) => {
      if (!names.has(name))
        this.findings.add(
          'STW1009',
          `${key} names the pool "${name}", which is not declared`,
          at('pools', i),
          remedyNear(name, names),
        );
    });
    (input.accelerators ?? []).forEach((kind, i) => {
      if (!kinds.has(kind))
        this.findings.add(
          'STW1009',
          `${key} names the accelerator "${kind}", which no pool has`,
          at('accelerators', i),
          remedyNear(kind, kinds),
        );
    });
    if (this.findings.count > before) return none;
    const allowed = this.frame.pools.filter(
      (pool) =>
        (input.pools === undefined || input.pools.includes(pool.name)) &&
        (input.accelerators === undefined ||
          (pool.accelerator !== null && input.accelerators.includes(pool.accelerator.kind))) &&
        (input.zones === undefined ||
          pool.zones.length === 0 ||
          input.zones.every((zone) => pool.zones.includes(zone))),
    );
    const cpuOnly = allowed.filter((pool) => pool.accelerator === null);
    const suited = needsGpu
      ? allowed.filter((pool) => pool.accelerator !== null)
      : cpuOnly.length > 0 || runtime.accelerator === 'none'
        ? cpuOnly
        : allowed;
    if (suited.length === 0) {
      const kind = needsGpu ? 'one with an accelerator' : 'a CPU-only one';
      this.findings.add(
        'STW1012',
        `no pool is left for ${key}: runtime "${runtime.name}" needs ${kind}`,
        at(),
        'Relax pools, accelerators or zones, or add a pool.',
      );
      return none;
    }
    const result = suited.map((pool) => pool.name);
    this.poolCache.set(cacheKey, result);
    return result;
  }

  /** The pools whose empty pod holds the model. */
  private withRoom(
    pools: readonly string[],
    runtime: ServingRuntime,
    base: string | null,
    footprint: Model['footprint'],
    key: string,
    source: SourceLocation,
  ): readonly string[] {
    const memory = footprint.memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
    let largest: { pool: string; gpu: number; memory: number; disk: number } | null = null;
    const fitting = pools.filter((name) => {
      const room = this.roomOf(name, runtime, base);
      const gpuNeed = this.frame.pools.find((pool) => pool.name === name)?.accelerator
        ? footprint.acceleratorMemoryBytes
        : 0;
      if (
        largest === null ||
        room.acceleratorMemoryBytes > largest.gpu ||
        (room.acceleratorMemoryBytes === largest.gpu && room.memoryBytes > largest.memory)
      ) {
        largest = { pool: name, gpu: room.acceleratorMemoryBytes, memory: room.memoryBytes, disk: room.diskBytes };
      }
      return (
        gpuNeed <= room.acceleratorMemoryBytes &&
        memory <= room.memoryBytes &&
        footprint.diskBytes <= room.diskBytes &&
        room.cpuMillis >= 0
      );
    });
    if (fitting.length === pools.length) return pools;
    if (fitting.length === 0) {
      const { pool, gpu, memory: most, disk } = largest ?? { pool: '', gpu: 0, memory: 0, disk: 0 };
      this.findings.add(
        'STW1011',
        `${key} needs ${mib(footprint.acceleratorMemoryBytes)} of accelerator memory, ${mib(memory)} of memory and ${mib(footprint.diskBytes)} of disk; the largest pod it may use (pool "${pool}") has ${mib(gpu)}, ${mib(most)} and ${mib(disk)} free when empty`,
        source,
      );
    }
    return fitting;
  }

  private roomOf(poolName: string, runtime: ServingRuntime, base: string | null): ReturnType<typeof podCapacity> {
    const cacheKey = `${poolName}\n${runtime.name}\n${base ?? ''}`;
    let room = this.roomCache.get(cacheKey);
    if (room === undefined) {
      const pool = this.frame.pools.find((candidate) => candidate.name === poolName) as Pool;
      const baseModel = runtime.baseModels.find((model) => model.name === base) ?? null;
      room = podCapacity(
        {
          packing: this.frame.packing,
          mesh: this.frame.mesh,
          modelsPerShard: this.frame.budgets.modelsPerShard?.limit ?? null,
        },
        pool,
        runtime,
        baseModel,
      );
      this.roomCache.set(cacheKey, room);
    }
    return room;
  }
}

const none: readonly string[] = [];
const noLabels: Readonly<Record<string, string>> = {};

function mib(bytes: number): string {
  return bytes <= 0 ? '0 MiB' : `${Math.ceil(bytes / MiB).toLocaleString('en-US')} MiB`;
}

export function place(location: SourceLocation): string {
  const line = location.line === undefined ? '' : `:${location.line}`;
  return location.file === undefined ? (location.path ?? 'the input') : `${location.file}${line}`;
}

/** Ends normalising: everything sorted, only what is used. */
export function assemble(frame: FleetFrame, normaliser: ModelNormaliser, models: Model[]): Fleet {
  models.sort((a, b) => byCodePoint(a.key, b.key));
  return { ...frame, runtimes: normaliser.usedRuntimes(models), tenants: normaliser.allTenants(), models };
}
