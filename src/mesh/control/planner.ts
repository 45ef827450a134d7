import type { EndpointList } from './endpoint-list';
import { usable } from './fitness';
import { Groups } from './groups';
import type { InForce } from './in-force';
import { membersOf, settleGroup, settleShard } from './membership';
import type { NameIndex } from './name-index';
import type { ControlOptions } from './options';
import { home, wantedGroup } from './placement';
import type { Group, Listing, ModelRecord, ShardRecord } from './records';
import type { World } from './world';

/** Brings routes and members up to date with what changed since the last plan. */
export class Planner {
  private readonly groups = new Groups();
  private readonly ending = new Set<ModelRecord>();
  /** Shards with something that time alone changes. */
  private readonly waiting = new Set<ShardRecord>();
  /** Models that a pod holds and that have no route yet. */
  private readonly almost = new Set<ModelRecord>();
  private now = 0;

  constructor(
    private readonly world: World,
    private readonly names: NameIndex,
    private readonly inForce: InForce,
    private readonly endpoints: EndpointList,
    private readonly options: ControlOptions,
  ) {}

  /** `first`: an earlier meshd may have served what this one would wait for. */
  plan(nowMs: number, first: boolean): void {
    this.now = nowMs;
    const { dirtyShards, dirtyModels, models } = this.world;
    this.wake();
    const shards = [...dirtyShards];
    dirtyShards.clear();
    const groups = new Set<Group>();
    for (const shard of shards) this.look(shard, groups);
    const affected = dirtyModels.take().filter((model) => models.get(model.served) === model);
    for (const model of affected) this.want(model, groups);
    for (const group of groups) settleGroup(group);
    for (const model of affected) this.place(model, groups, first);
    for (const group of groups) {
      this.inForce.setMembers(group, membersOf(group));
      this.endpoints.refresh(group);
    }
    this.names.flush();
    for (const model of affected) {
      if (!this.world.forgetIfUnused(model)) continue;
      this.ending.delete(model);
      this.almost.delete(model);
    }
    for (const group of groups) this.groups.forgetIfUnused(group);
    this.groups.sweep();
    for (const shard of shards) if (this.world.forgetIfEmpty(shard)) this.waiting.delete(shard);
    this.names.flush();
  }

  /** What waited long enough is looked at again. */
  private wake(): void {
    const { roomPatienceMs, memberPatienceMs, copyPatienceMs } = this.options;
    const due = (since: number | null, patience: number) => since !== null && this.now - since >= patience;
    const { dirtyShards, dirtyModels } = this.world;
    for (const model of this.ending) if (this.now >= (model.endsAt ?? this.now)) dirtyModels.add(model);
    for (const shard of this.waiting) {
      const crowded = !shard.crowded && due(shard.waitingSince, roomPatienceMs);
      const missed = !shard.missed && due(shard.missingSince, copyPatienceMs);
      if (crowded || missed) dirtyShards.add(shard);
    }
    for (const model of this.almost) {
      if (!due(model.almostSince, memberPatienceMs)) continue;
      model.impatient = true;
      dirtyModels.add(model);
    }
  }

  private look(shard: ShardRecord, groups: Set<Group>): void {
    const { dirtyModels } = this.world;
    settleShard(shard, this.now, this.options);
    if (shard.waitingSince === null && shard.missingSince === null) this.waiting.delete(shard);
    else this.waiting.add(shard);
    for (const model of shard.listed.keys()) dirtyModels.add(model);
    for (const group of shard.groups) {
      if (groups.has(group)) continue;
      groups.add(group);
      for (const model of group.models) dirtyModels.add(model);
    }
  }

  private want(model: ModelRecord, groups: Set<Group>): void {
    const wanted = wantedGroup(model, this.groups);
    if (wanted !== model.wanted) {
      if (model.wanted !== null) {
        model.wanted.wanted--;
        groups.add(model.wanted);
      }
      if (wanted !== null) wanted.wanted++;
      model.wanted = wanted;
    }
    if (wanted === null) return;
    groups.add(wanted);
    if (model.target === null) wanted.hopeful.push(model);
  }

  private place(model: ModelRecord, groups: Set<Group>, first: boolean): void {
    if (model.listings.length > 0) {
      this.ending.delete(model);
    } else if (model.endsAt === null) {
      model.endsAt = this.now + this.options.removalMs;
      this.ending.add(model);
    } else if (this.now >= model.endsAt) {
      this.ending.delete(model);
    }
    const from = model.target;
    const to = home(model, this.groups, this.now, first || model.impatient);
    this.follow(model, entryAt(model, to));
    this.note(model, to);
    if (from === to) return;
    if (from !== null) groups.add(from);
    if (to !== null) groups.add(to);
    this.inForce.move(model, to);
    this.names.touch(model);
  }

  /** Takes over what the model's table says of its requests. */
  private follow(model: ModelRecord, entry: Listing | undefined): void {
    if (entry === undefined) return;
    const { residency, timeoutMs = null } = entry;
    if (residency === model.residency && timeoutMs === model.timeoutMs) return;
    model.residency = residency;
    model.timeoutMs = timeoutMs;
    this.names.touch(model);
  }

  /** Keeps count of how long a model has waited for a route. */
  private note(model: ModelRecord, to: Group | null): void {
    if (to === null && model.listings.length > 0 && model.holders.some((pod) => usable(pod, model))) {
      model.almostSince ??= this.now;
      this.almost.add(model);
    } else if (model.almostSince !== null) {
      model.almostSince = null;
      model.impatient = false;
      this.almost.delete(model);
    }
  }
}

/** Its line in the table of a shard that serves it, else of any; undefined: none has it. */
function entryAt(model: ModelRecord, group: Group | null): Listing | undefined {
  const listing = model.listings.find((shard) => group?.parts.some((part) => part.shard === shard));
  return (listing ?? model.listings[0])?.listed.get(model);
}
