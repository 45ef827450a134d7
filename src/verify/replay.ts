import type { Model } from '../declare/fleet';
import type { LockedPlacement } from '../pack/packing';
import type { CheckedClass, Declared } from './declared';
import { ceilDiv, dimensionNames } from './exact';
import type { FindingLog } from './finding-log';
import { meetings } from './never-with';
import { shown } from './reading';
import { type HeldCopy, overLoaded, overRoom, type ReplayPods, takenByCopy } from './replay-pods';
import { placementPods } from './replay-start';
import type { CopyName, ReadTemporary } from './transition-reading';

/** All pods at one point of a transition. Steps give what is wrong with them in words, or null. Mutable. */
export class Replay {
  private readonly copies = new Map<string, number>();
  /** Each once. Lists: few models are in more than four, and a set each takes long to make. */
  private readonly holders = new Map<string, ReplayPods[]>();
  private readonly short = new Map<string, { from: number; copies: number }>();
  private readonly closed: { model: string; from: number; until: number; copies: number }[] = [];
  /** Models whose copies have changed since gaps were last looked for; null: not looked for yet. */
  private changed: Set<string> | null = null;
  private readonly loaded: { wave: number; shard: string }[] = [];

  private constructor(
    private readonly declared: Declared,
    private readonly pods: ReadonlyMap<string, ReplayPods>,
    private readonly floor: ReadonlyMap<string, number>,
    private readonly temporary: ReadonlySet<string>,
  ) {
    for (const own of pods.values())
      for (const key of own.held.keys()) {
        this.copies.set(key, this.copiesOf(key) + own.replicas);
        const holders = this.holders.get(key);
        if (holders === undefined) this.holders.set(key, [own]);
        else holders.push(own);
      }
    for (const own of pods.values()) {
      for (const [key, copy] of own.held) this.count(own, copy, this.copiesOf(key), 1);
      own.before.microDuty = own.total.microDuty;
      own.before.cpuMillis = own.total.cpuMillis;
    }
  }

  static from(
    declared: Declared,
    prior: LockedPlacement,
    shards: unknown,
    temporary: readonly ReadTemporary[],
    log: FindingLog,
  ): Replay | null {
    const start = placementPods(declared, prior, shards, temporary, log);
    const ids = new Set(temporary.map((shard) => shard.id));
    return start === null ? null : new Replay(declared, start.pods, start.floor, ids);
  }

  /** Pools on which pods run that will go. */
  endingPools(): ReadonlySet<string> {
    const names = [...this.pods.values()].flatMap((own) =>
      own.running && own.wanted === null ? (own.pool?.name ?? []) : [],
    );
    return new Set(names);
  }

  start(name: string): string | null {
    const own = this.pods.get(name);
    if (own === undefined) return `no shard is called ${shown(name)}`;
    if (own.running || own.ran) return `${name} has started before`;
    own.running = true;
    own.ran = true;
    return null;
  }

  /** Pools that have no nodes for what started, though some come free later. */
  withoutNodes(started: readonly string[], ending: ReadonlySet<string>): string[] {
    const pools = new Set(started.flatMap((name) => this.pods.get(name)?.pool ?? []));
    return [...pools].flatMap((pool) => {
      const owners = new Map<string, bigint>();
      for (const own of this.pods.values())
        if (own.running && own.pool === pool)
          owners.set(own.owner, (owners.get(own.owner) ?? 0n) + BigInt(own.replicas));
      let nodes = 0n;
      for (const count of owners.values()) nodes += ceilDiv(count, BigInt(pool.podsPerNode));
      const temporary = started.some((name) => this.temporary.has(name) && this.pods.get(name)?.pool === pool);
      if (pool.maxNodes === null || nodes <= BigInt(pool.maxNodes) || !(ending.has(pool.name) || temporary)) return [];
      return [`the pool ${pool.name} would need ${nodes} nodes of at most ${pool.maxNodes}`];
    });
  }

  load({ model: key, shard }: CopyName): string | null {
    const own = this.pods.get(shard);
    const known = this.declared.models.get(key);
    if (own?.running !== true || known === undefined)
      return `${key} is loaded into ${shown(shard)}, which does not run`;
    if (own.held.has(key)) return `${shard} holds ${key} already`;
    const { model, sharing } = known;
    const wrong = this.unsuited(own, model, sharing);
    const { acceleratorMemoryBytes, memoryBytes } = model.footprint;
    this.change(own, key, { key, model, sharing, acceleratorMemoryBytes, memoryBytes });
    return wrong;
  }

  /** The larger of both sizes, as long as the wave lasts. */
  widen({ model: key, shard }: CopyName): 'grows' | 'shrinks' | string {
    const own = this.pods.get(shard);
    const copy = own?.held.get(key);
    const footprint = copy?.model?.footprint;
    if (own?.running !== true || copy === undefined || footprint === undefined)
      return `${shown(shard)} holds no ${key}`;
    const { acceleratorMemoryBytes, memoryBytes } = footprint;
    if (copy.acceleratorMemoryBytes === acceleratorMemoryBytes && copy.memoryBytes === memoryBytes)
      return `${key} in ${shard} has its size already`;
    const grows =
      memoryBytes > copy.memoryBytes ||
      (own.pool?.accelerator != null && acceleratorMemoryBytes > copy.acceleratorMemoryBytes);
    this.change(own, key, {
      ...copy,
      acceleratorMemoryBytes: Math.max(copy.acceleratorMemoryBytes, acceleratorMemoryBytes),
      memoryBytes: Math.max(copy.memoryBytes, memoryBytes),
    });
    return grows && copy.model?.residency !== 'on-demand' ? 'grows' : 'shrinks';
  }

  settle({ model: key, shard }: CopyName): string | null {
    const own = this.pods.get(shard);
    const copy = own?.held.get(key);
    if (own === undefined || copy?.model == null) return null;
    const { acceleratorMemoryBytes, memoryBytes } = copy.model.footprint;
    this.change(own, key, { ...copy, acceleratorMemoryBytes, memoryBytes });
    return null;
  }

  unload({ model: key, shard }: CopyName): string | null {
    const own = this.pods.get(shard);
    if (own?.held.has(key) !== true) return `${shown(shard)} holds no ${shown(key)}`;
    this.change(own, key, null);
    return null;
  }

  stop(name: string): string | null {
    const own = this.pods.get(name);
    if (own?.running !== true) return `${shown(name)} does not run`;
    own.running = false;
    if (own.wanted !== null) return `${name} is of the plan`;
    return own.held.size > 0 ? `${name} still holds ${own.held.size} models` : null;
  }

  /** What is too much for the pods of a shard; null: they have room for all that they hold. */
  over(name: string): string | null {
    const own = this.pods.get(name);
    return own === undefined ? null : overRoom(own);
  }

  afterLoads(wave: number): void {
    for (const [model, { from, copies }] of this.short) {
      if (this.copiesOf(model) < (this.floor.get(model) ?? 0)) continue;
      this.short.delete(model);
      this.closed.push({ model, from, until: wave, copies });
    }
    this.noteLoads(wave);
  }

  afterUnloads(wave: number): void {
    for (const model of this.changed ?? this.floor.keys()) {
      const copies = this.copiesOf(model);
      if (copies >= (this.floor.get(model) ?? 0)) continue;
      const gap = this.short.get(model);
      if (gap === undefined) this.short.set(model, { from: wave, copies });
      else gap.copies = Math.min(gap.copies, copies);
    }
    this.changed = new Set();
    this.noteLoads(wave);
  }

  gaps(): readonly { model: string; from: number; until: number; copies: number }[] {
    return [...this.closed].sort((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : a.from - b.from));
  }

  overloads(): readonly { wave: number; shard: string }[] {
    return [...this.loaded].sort((a, b) => a.wave - b.wave || (a.shard < b.shard ? -1 : 1));
  }

  /** What differs from the plan. */
  unfinished(): string[] {
    const wrong: string[] = [];
    for (const own of this.pods.values()) {
      if (own.wanted === null) {
        if (own.running) wrong.push(`${own.name} still runs at the end`);
        else if (!own.ran) wrong.push(`the temporary shard ${own.name} never starts`);
        continue;
      }
      if (!own.running) wrong.push(`${own.name} does not run at the end`);
      for (const key of own.wanted) if (!own.held.has(key)) wrong.push(`${own.name} lacks ${key} at the end`);
      for (const copy of own.held.values()) {
        if (!own.wanted.has(copy.key)) wrong.push(`${own.name} still holds ${copy.key} at the end`);
        else if (oldSize(copy)) wrong.push(`${copy.key} in ${own.name} has its old size at the end`);
      }
    }
    for (const model of this.short.keys()) wrong.push(`${model} has fewer copies at the end than it is to have`);
    return wrong;
  }

  /** May it be there, beside those that are? */
  private unsuited(own: ReplayPods, model: Model, sharing: CheckedClass): string | null {
    const where = `${model.key} is loaded into ${own.name}`;
    if (own.pool === null || !sharing.pools.includes(own.pool)) return `${where}, on a pool that it must not use`;
    if (own.runtime !== sharing.runtime.name || own.base !== sharing.baseName || own.group !== sharing.group)
      return `${where}, which is of another runtime, base or group`;
    const beside: Model[] = [];
    for (const other of own.held.values()) {
      if (other.model !== null && other.sharing !== sharing)
        return `${where}, beside ${other.key}, which it must not share a pod with`;
      if (other.model !== null) beside.push(other.model);
      else if (model.neverWith.length > 0) return `${where}, beside ${other.key}, of which no labels are known`;
    }
    if (model.neverWith.length === 0 && beside.every((other) => other.neverWith.length === 0)) return null;
    const met = meetings([...beside, model]);
    const mine = met.find(({ at }) => at === beside.length) ?? met.find(({ message }) => message.includes(model.key));
    return mine === undefined ? null : mine.message;
  }

  private noteLoads(wave: number): void {
    for (const own of this.pods.values()) {
      if (!own.running || own.held.size === 0 || !overLoaded(own)) continue;
      if (!this.loaded.some((entry) => entry.wave === wave && entry.shard === own.name))
        this.loaded.push({ wave, shard: own.name });
    }
  }

  /** Changes what a pod holds of a model, and the load of all that hold it. */
  private change(own: ReplayPods, key: string, copy: HeldCopy | null): void {
    const before = this.copiesOf(key);
    this.countAll(key, before, -1);
    const held = own.held.has(key);
    const after = before + (copy === null ? 0 : own.replicas) - (held ? own.replicas : 0);
    this.copies.set(key, after);
    this.changed?.add(key);
    const holders = this.holders.get(key) ?? [];
    if (copy === null) {
      own.held.delete(key);
      this.holders.set(
        key,
        holders.filter((holder) => holder !== own),
      );
    } else {
      own.held.set(key, copy);
      if (!held) this.holders.set(key, [...holders, own]);
    }
    this.countAll(key, after, 1);
  }

  private countAll(key: string, copies: number, sign: 1 | -1): void {
    for (const holder of this.holders.get(key) ?? []) {
      const copy = holder.held.get(key);
      if (copy !== undefined) this.count(holder, copy, copies, sign);
    }
  }

  private count(own: ReplayPods, copy: HeldCopy, copies: number, sign: 1 | -1): void {
    const taken = takenByCopy(own, copy, copies);
    for (const name of dimensionNames) own.total[name] += sign * taken[name];
  }

  private copiesOf(key: string): number {
    return this.copies.get(key) ?? 0;
  }
}

function oldSize({ model, acceleratorMemoryBytes, memoryBytes }: HeldCopy): boolean {
  return (
    model !== null &&
    (model.footprint.acceleratorMemoryBytes !== acceleratorMemoryBytes || model.footprint.memoryBytes !== memoryBytes)
  );
}
