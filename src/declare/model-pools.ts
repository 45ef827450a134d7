import { type CapacityVector, podCapacity } from './capacity';
import type { Findings } from './findings';
import type { Footprint, Pool, ServingRuntime } from './fleet';
import type { FleetFrame } from './frame';
import type { ModelInput } from './input';
import type { At } from './located';
import { remedyNear } from './names';

const MiB = 2 ** 20;
const none: readonly string[] = [];

/** Pools that constraints and runtime allow, and what was derived of them. */
class Suited {
  private readonly byBase = new Map<string | null, Rooms>();

  constructor(
    readonly pools: readonly Pool[],
    private readonly roomOf: (pool: Pool, base: string | null) => CapacityVector,
  ) {}

  rooms(base: string | null): Rooms {
    let rooms = this.byBase.get(base);
    if (rooms === undefined) {
      rooms = { rooms: this.pools.map((pool) => this.roomOf(pool, base)), lists: new Map() };
      this.byBase.set(base, rooms);
    }
    return rooms;
  }
}
interface Rooms {
  /** An empty pod's, pool by pool. */
  readonly rooms: readonly CapacityVector[];
  /** Names of the pools that hold a model, by one bit a pool. */
  readonly lists: Map<number, readonly string[]>;
}
/** A double has 53 bits. */
const mostBits = 50;

/** Finds the pools that a model may use; remembers what it derived, as thousands of models repeat it. */
export class PoolChoice {
  private readonly names: ReadonlySet<string>;
  private readonly kinds: ReadonlySet<string>;
  /** By runtime: where no accelerator is needed, and where one is. */
  private readonly unconstrained = new Map<ServingRuntime, [Suited | null, Suited | null]>();
  private readonly constrained = new Map<string, Suited>();
  private readonly lists = new Map<string, readonly string[]>();

  constructor(
    private readonly frame: FleetFrame,
    private readonly findings: Findings,
  ) {
    this.names = new Set(frame.pools.map((pool) => pool.name));
    this.kinds = new Set(frame.pools.flatMap((pool) => (pool.accelerator ? [pool.accelerator.kind] : [])));
  }

  /** The pools that constraints and runtime allow and whose empty pod holds the model; none and a finding otherwise. */
  of(
    input: ModelInput,
    runtime: ServingRuntime,
    base: string | null,
    footprint: Footprint,
    key: string,
    at: At,
  ): readonly string[] {
    const needsAccelerator =
      runtime.accelerator === 'required' ||
      (runtime.accelerator === 'optional' && footprint.acceleratorMemoryBytes > 0);
    const suited = this.suitableFor(input, runtime, needsAccelerator, key, at);
    if (suited === null) return none;
    const { pools } = suited;
    const { rooms, lists } = suited.rooms(base);
    let bits = 0;
    for (let p = 0; p < pools.length; p++)
      bits = bits * 2 + (fits(footprint, runtime, pools[p] as Pool, rooms[p] as CapacityVector) ? 1 : 0);
    const known = pools.length > mostBits ? undefined : lists.get(bits);
    if (known !== undefined) return known;
    const fitting = pools.filter((pool, p) => fits(footprint, runtime, pool, rooms[p] as CapacityVector));
    if (fitting.length === 0) {
      const others = suitedPools(this.frame.pools, runtime, needsAccelerator).filter(
        (pool) =>
          !pools.includes(pool) &&
          inZones(pool, input.zones) &&
          fits(footprint, runtime, pool, this.roomOf(pool, runtime, base)),
      );
      this.reportTooLarge(pools, others, runtime, base, footprint, key, at);
      return none;
    }
    const list = this.namesOf(fitting);
    if (pools.length <= mostBits) lists.set(bits, list);
    return list;
  }

  private suitableFor(
    input: ModelInput,
    runtime: ServingRuntime,
    needsAccelerator: boolean,
    key: string,
    at: At,
  ): Suited | null {
    const { pools, accelerators, zones } = input;
    const free = pools === undefined && accelerators === undefined && zones === undefined;
    const own = free ? this.unconstrained.get(runtime) : undefined;
    const constraints = free
      ? ''
      : `${runtime.name}|${needsAccelerator}|${JSON.stringify([pools, accelerators, zones])}`;
    const cached = free ? own?.[needsAccelerator ? 1 : 0] : this.constrained.get(constraints);
    if (cached != null) return cached;
    if (!free && !this.knowsNames(input, key, at)) return null;
    const allowed = this.frame.pools.filter(
      (pool) =>
        (pools === undefined || pools.includes(pool.name)) &&
        (accelerators === undefined || (pool.accelerator !== null && accelerators.includes(pool.accelerator.kind))) &&
        inZones(pool, zones),
    );
    const suited = suitedPools(allowed, runtime, needsAccelerator);
    if (suited.length === 0) {
      const kind = needsAccelerator ? 'one with an accelerator' : 'a CPU-only one';
      this.findings.add('STW1012', `no pool is left for ${key}: runtime "${runtime.name}" needs ${kind}`, at());
      return null;
    }
    const found = new Suited(suited, (pool, base) => this.roomOf(pool, runtime, base));
    if (!free) this.constrained.set(constraints, found);
    else if (own === undefined) this.unconstrained.set(runtime, needsAccelerator ? [null, found] : [found, null]);
    else own[needsAccelerator ? 1 : 0] = found;
    return found;
  }

  private knowsNames(input: ModelInput, key: string, at: At): boolean {
    const before = this.findings.count;
    (input.pools ?? []).forEach((name, i) => {
      if (!this.names.has(name))
        this.findings.add(
          'STW1009',
          `${key} names the pool "${name}", which is not declared`,
          at('pools', i),
          remedyNear(name, this.names),
        );
    });
    (input.accelerators ?? []).forEach((kind, i) => {
      if (!this.kinds.has(kind))
        this.findings.add(
          'STW1009',
          `${key} names the accelerator "${kind}", which no pool has`,
          at('accelerators', i),
          remedyNear(kind, this.kinds),
        );
    });
    return this.findings.count === before;
  }

  private roomOf(pool: Pool, runtime: ServingRuntime, base: string | null): CapacityVector {
    const { packing, mesh, budgets } = this.frame;
    const baseModel = runtime.baseModels.find((model) => model.name === base) ?? null;
    const context = { packing, mesh, modelsPerShard: budgets.modelsPerShard?.limit ?? null };
    return podCapacity(context, pool, runtime, baseModel);
  }

  /** One list for equal lists: a catalogue has few different ones. */
  private namesOf(pools: readonly Pool[]): readonly string[] {
    const joined = pools.map((pool) => pool.name).join(',');
    let list = this.lists.get(joined);
    if (list === undefined) {
      list = pools.map((pool) => pool.name);
      this.lists.set(joined, list);
    }
    return list;
  }

  /** @param others pools that would hold it, were they allowed */
  private reportTooLarge(
    pools: readonly Pool[],
    others: readonly Pool[],
    runtime: ServingRuntime,
    base: string | null,
    footprint: Footprint,
    key: string,
    at: At,
  ): void {
    const rooms = pools.map((pool) => ({ pool, room: this.roomOf(pool, runtime, base) }));
    const [largest] = rooms.sort(
      (a, b) =>
        b.room.acceleratorMemoryBytes - a.room.acceleratorMemoryBytes || b.room.memoryBytes - a.room.memoryBytes,
    );
    if (largest === undefined) return;
    const { pool, room } = largest;
    const needs = [
      ...(pool.accelerator === null ? [] : [`${mib(footprint.acceleratorMemoryBytes)} of accelerator memory`]),
      `${mib(hostMemory(footprint, runtime))} of memory`,
      `${mib(footprint.diskBytes)} of disk`,
    ];
    const free = [
      ...(pool.accelerator === null ? [] : [mib(room.acceleratorMemoryBytes)]),
      mib(room.memoryBytes),
      mib(room.diskBytes),
    ];
    const cpu = room.cpuMillis < 0 ? `, and less CPU than runtime "${runtime.name}" and the agent need` : '';
    this.findings.add(
      'STW1011',
      `${key} needs ${listed(needs)}; the largest pod it may use (pool "${pool.name}") has ${listed(free)} free when empty${cpu}`,
      at(),
      allowing(others),
    );
  }
}

/** Models without accelerator memory keep to CPU-only pools where there are some. */
function suitedPools(allowed: readonly Pool[], runtime: ServingRuntime, needsAccelerator: boolean): readonly Pool[] {
  if (needsAccelerator) return allowed.filter((pool) => pool.accelerator !== null);
  const cpuOnly = allowed.filter((pool) => pool.accelerator === null);
  return cpuOnly.length > 0 || runtime.accelerator === 'none' ? cpuOnly : allowed;
}

function inZones(pool: Pool, zones: readonly string[] | undefined): boolean {
  return zones === undefined || pool.zones.length === 0 || zones.every((zone) => pool.zones.includes(zone));
}

/** The cheapest pool to allow; undefined where none would do. */
function allowing(others: readonly Pool[]): string | undefined {
  const [first, ...more] = [...others].sort((a, b) => a.podPriceMicrosPerHour - b.podPriceMicrosPerHour);
  if (first === undefined) return undefined;
  const price = `$${(first.podPriceMicrosPerHour / 1e6).toFixed(2)} an hour a pod`;
  const rest = more.length === 0 ? '' : `; so do ${more.map(({ name }) => `"${name}"`).join(', ')}`;
  return `Allow the pool "${first.name}" (${price}), whose empty pod holds it${rest}.`;
}

function hostMemory(footprint: Footprint, runtime: ServingRuntime): number {
  return footprint.memoryBytes + runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
}

function fits(footprint: Footprint, runtime: ServingRuntime, pool: Pool, room: CapacityVector): boolean {
  // With an accelerator, also a model that takes none of it needs the base footprint to fit.
  return (
    (pool.accelerator === null || footprint.acceleratorMemoryBytes <= room.acceleratorMemoryBytes) &&
    hostMemory(footprint, runtime) <= room.memoryBytes &&
    footprint.diskBytes <= room.diskBytes &&
    room.cpuMillis >= 0
  );
}

function mib(bytes: number): string {
  return bytes <= 0 ? '0 MiB' : `${Math.ceil(bytes / MiB)} MiB`;
}

/** `a, b and c` */
function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
