import { dimensions, modelDemand, podCapacity } from '../../declare/capacity';
import { byCodePoint } from '../../declare/findings';
import type { Fleet, Model, Pool, ServingRuntime } from '../../declare/fleet';
import type { LockedPlacement, LockedShard, Shard } from '../../pack/packing';
import { PodRoom } from '../../pack/rebalance/pod-room';
import { type SharingClass, sharingClasses } from '../../pack/sharing';
import { type Copy, Pods, width } from './pods';

/** Where all copies are and are to be, and what the pods then hold. Mutable: lives for one transition. */
export class Scene {
  /** By name, in the order of names. */
  readonly pods = new Map<string, Pods>();
  readonly classes: ReadonlyMap<string, SharingClass>;
  /** Pods that hold each model now. */
  readonly copies = new Map<string, number>();
  /** Pods of each model below which there is a gap: what it had, or will have if that is less. */
  readonly floor = new Map<string, number>();
  readonly models: ReadonlyMap<string, Model>;
  readonly room: PodRoom;
  readonly taken: Set<string>;
  private readonly classOf = new Map<string, SharingClass>();
  // Lists: a set for each model takes long to make.
  private readonly holders = new Map<string, Pods[]>();

  constructor(
    readonly fleet: Fleet,
    prior: LockedPlacement,
    shards: readonly Shard[],
  ) {
    this.models = new Map(fleet.models.map((model) => [model.key, model]));
    const classes = sharingClasses(fleet);
    this.classes = new Map(classes.map((sharing) => [sharing.key, sharing]));
    for (const sharing of classes) for (const model of sharing.models) this.classOf.set(model.key, sharing);
    this.room = new PodRoom(fleet);
    this.taken = new Set([...prior.shards, ...shards].map((shard) => shard.id));
    const locked = new Map(prior.shards.map((shard) => [shard.id, shard]));
    const planned = new Map(shards.map((shard) => [shard.id, shard]));
    const made: Pods[] = [];
    for (const shard of shards) made.push(...this.podsOfPlan(shard, locked.get(shard.id)));
    for (const shard of prior.shards) {
      const now = planned.get(shard.id);
      if (now === undefined) made.push(this.oldPods(shard, shard.id, shard.replicas));
      else if (!same(shard, now)) made.push(this.oldPods(shard, `${shard.id}@${shard.pool}`, shard.replicas));
      else if (shard.replicas > now.replicas)
        made.push(this.oldPods(shard, `${shard.id}@${shard.pool}`, shard.replicas - now.replicas));
    }
    for (const pods of made.sort((a, b) => byCodePoint(a.name, b.name))) this.pods.set(pods.name, pods);
    for (const pods of this.pods.values()) if (pods.running) this.count(pods, 1);
    this.hold(prior, locked);
    for (const shard of shards) this.want(shard);
    for (const pods of this.pods.values()) for (let d = 0; d < width; d++) pods.before[d] = pods.used[d] as number;
    this.setFloors(prior, locked, shards);
  }

  sharing(key: string): SharingClass | undefined {
    return this.classOf.get(key);
  }

  /** What a copy of a declared model takes of the pods at `copies`. */
  need(pods: Pods, copy: Copy, copies: number): number[] {
    const { pool } = pods;
    const runtime = this.fleet.runtimes.find((candidate) => candidate.name === pods.runtime);
    if (pool === null || runtime === undefined) return new Array<number>(width).fill(0);
    const accelerated = pool.accelerator !== null;
    const overhead = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
    const vector = [accelerated ? copy.acceleratorMemoryBytes : 0, 0, copy.memoryBytes + overhead, 0, 0, 1];
    if (copy.model === null) return vector;
    const demand = modelDemand(copy.model, pool, runtime, Math.max(1, copies));
    // On-demand models take of their pod what the agent finds free.
    if (copy.model.residency === 'on-demand') vector.fill(0, 0, 5);
    else vector[4] = demand.diskBytes;
    vector[1] = demand.microDuty;
    vector[3] = demand.cpuMillis;
    return vector;
  }

  add(pods: Pods, copy: Copy): void {
    this.shareLoad(copy.key, pods.replicas, () => {
      pods.held.set(copy.key, copy);
      this.noteHolder(copy.key, pods);
    });
  }

  remove(pods: Pods, key: string): void {
    this.shareLoad(key, -pods.replicas, () => {
      pods.held.delete(key);
      const others = this.holding(key).filter((holder) => holder !== pods);
      this.holders.set(key, others);
    });
  }

  /** Takes the copy's size anew, by `change`. */
  resize(pods: Pods, key: string, change: (copy: Copy) => void): void {
    this.shareLoad(key, 0, () => change(pods.held.get(key) as Copy));
  }

  start(pods: Pods): void {
    pods.running = true;
    this.count(pods, 1);
  }

  stop(pods: Pods): void {
    pods.running = false;
    this.count(pods, -1);
  }

  /** Pods that hold the model. */
  holding(key: string): readonly Pods[] {
    return this.holders.get(key) ?? [];
  }

  /** An empty shard of one pod. */
  temporary(id: string, pool: Pool, sharing: SharingClass): Pods {
    const { runtime, base, group, nodeIsolated } = sharing;
    const capacity = this.capacityOf(pool, runtime, base);
    const owner = nodeIsolated ? group : '';
    const pods = new Pods(id, pool, runtime, base, group, owner, capacity, 1, null, false, sharing.key);
    this.taken.add(id);
    this.pods.set(id, pods);
    return pods;
  }

  /** A temporary shard that did not come to be. */
  forget(pods: Pods): void {
    this.taken.delete(pods.name);
    this.pods.delete(pods.name);
  }

  /** By labels; both are declared. */
  mayMeet(one: string, other: string): boolean {
    const a = this.models.get(one);
    const b = this.models.get(other);
    if (a === undefined || b === undefined) return false;
    return !a.neverWith.some((label) => bears(b, label)) && !b.neverWith.some((label) => bears(a, label));
  }

  capacityOf(pool: Pool | null, runtimeName: string, baseName: string | null): number[] | null {
    const runtime = this.fleet.runtimes.find((candidate) => candidate.name === runtimeName);
    if (pool === null || runtime === undefined) return null;
    return vectorOf(this.fleet, pool, runtime, baseName);
  }

  private podsOfPlan(shard: Shard, before: LockedShard | undefined): Pods[] {
    const pool = this.pool(shard.pool);
    const first = shard.models[0];
    const wanted = (first === undefined ? undefined : this.classOf.get(first)?.key) ?? null;
    const capacity = this.capacityOf(pool, shard.runtime, shard.base);
    const owner = shard.nodeIsolated ? shard.group : '';
    const stays = before !== undefined && same(before, shard);
    const make = (name: string, replicas: number, running: boolean) =>
      new Pods(name, pool, shard.runtime, shard.base, shard.group, owner, capacity, replicas, wanted, running);
    const kept = stays ? Math.min(before.replicas, shard.replicas) : 0;
    if (kept === 0) return [make(shard.id, shard.replicas, false)];
    // Pods that come to a shard start empty, and load its models like any other.
    const fresh = shard.replicas - kept;
    return [make(shard.id, kept, true), ...(fresh > 0 ? [make(`${shard.id}@new`, fresh, false)] : [])];
  }

  private oldPods(shard: LockedShard, name: string, replicas: number): Pods {
    const pool = this.pool(shard.pool);
    const isolated = this.fleet.tenants.some((tenant) => tenant.group === shard.group && tenant.isolation === 'node');
    const capacity = this.capacityOf(pool, shard.runtime, shard.base);
    const owner = isolated ? shard.group : '';
    return new Pods(name, pool, shard.runtime, shard.base, shard.group, owner, capacity, replicas, null, true);
  }

  private hold(prior: LockedPlacement, locked: ReadonlyMap<string, LockedShard>): void {
    const running = new Map<string, readonly Pods[]>();
    for (const { key, shards, acceleratorMemoryBytes, memoryBytes } of prior.models) {
      const model = this.models.get(key) ?? null;
      for (const id of shards) {
        const shard = locked.get(id);
        if (shard === undefined) continue;
        let own = running.get(id);
        if (own === undefined) {
          own = [id, `${id}@${shard.pool}`].flatMap((name) => this.pods.get(name) ?? []).filter((pods) => pods.running);
          running.set(id, own);
        }
        for (const pods of own) {
          pods.held.set(key, { key, model, acceleratorMemoryBytes, memoryBytes });
          this.copies.set(key, (this.copies.get(key) ?? 0) + pods.replicas);
          this.noteHolder(key, pods);
        }
      }
    }
    for (const pods of this.pods.values())
      for (const [key, copy] of pods.held) this.weigh(pods, copy, this.copies.get(key) ?? 0, 1);
  }

  private noteHolder(key: string, pods: Pods): void {
    const own = this.holders.get(key);
    if (own === undefined) this.holders.set(key, [pods]);
    else if (!own.includes(pods)) own.push(pods);
  }

  private want(shard: Shard): void {
    for (const name of [shard.id, `${shard.id}@new`]) {
      const pods = this.pods.get(name);
      if (pods === undefined) continue;
      for (const key of shard.models) {
        const copy = pods.held.get(key);
        const footprint = this.models.get(key)?.footprint;
        const stays =
          copy !== undefined &&
          copy.acceleratorMemoryBytes === footprint?.acceleratorMemoryBytes &&
          copy.memoryBytes === footprint.memoryBytes;
        if (!stays) pods.pending.add(key);
        pods.final.add(key);
      }
    }
  }

  private setFloors(prior: LockedPlacement, locked: ReadonlyMap<string, LockedShard>, shards: readonly Shard[]): void {
    const now = new Map<string, number>();
    for (const shard of shards) for (const key of shard.models) now.set(key, (now.get(key) ?? 0) + shard.replicas);
    for (const { key, shards: own } of prior.models) {
      const had = own.reduce((sum, id) => sum + (locked.get(id)?.replicas ?? 0), 0);
      this.floor.set(key, Math.min(had, now.get(key) ?? 0));
    }
  }

  private shareLoad(key: string, by: number, change: () => void): void {
    const copies = this.copies.get(key) ?? 0;
    for (const pods of this.holding(key)) this.weigh(pods, pods.held.get(key) as Copy, copies, -1);
    change();
    this.copies.set(key, copies + by);
    for (const pods of this.holding(key)) this.weigh(pods, pods.held.get(key) as Copy, copies + by, 1);
  }

  private weigh(pods: Pods, copy: Copy, copies: number, sign: 1 | -1): void {
    const need = this.need(pods, copy, copies);
    for (let d = 0; d < width; d++) pods.used[d] = (pods.used[d] as number) + sign * (need[d] as number);
  }

  private count(pods: Pods, sign: 1 | -1): void {
    if (pods.pool !== null) this.room.add(pods.pool, pods.owner, sign * pods.replicas);
  }

  private pool(name: string): Pool | null {
    return this.fleet.pools.find((pool) => pool.name === name) ?? null;
  }
}

function vectorOf(fleet: Fleet, pool: Pool, runtime: ServingRuntime, baseName: string | null): number[] {
  const context = {
    packing: fleet.packing,
    mesh: fleet.mesh,
    modelsPerShard: fleet.budgets.modelsPerShard?.limit ?? null,
  };
  const base = runtime.baseModels.find((model) => model.name === baseName) ?? null;
  const vector = podCapacity(context, pool, runtime, base);
  return dimensions.map((dimension) => vector[dimension]);
}

function bears({ labels }: Model, label: string): boolean {
  const at = label.indexOf('=');
  return labels[label.slice(0, at)] === label.slice(at + 1);
}

/** Do its pods stay? */
function same(locked: LockedShard, shard: Shard): boolean {
  return (
    locked.pool === shard.pool &&
    locked.runtime === shard.runtime &&
    locked.base === shard.base &&
    locked.group === shard.group
  );
}
