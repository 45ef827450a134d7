import { stuck, usable } from './fitness';
import type { Groups } from './groups';
import { settleGroup } from './membership';
import { type Group, inForce, type ModelRecord, type Part, type ShardRecord } from './records';

/**
 * Which pods may get which model's requests. The rules:
 * - A model is meant to be served by all shards whose tables have it, together: its `wanted` group. It goes there when all
 *   members of that group hold it; until then it stays where it is. A member that must load a routed model again stops
 *   being one until it has.
 * - Pods that do not hold a model and will not get it (it failed there, or the table is refused) are left out of its group
 *   by taking the shard's other pods one by one: neither does the model take the pod's other models down, nor is it
 *   unreachable. A model without a route that has long been held by some is served by those alone.
 * - Among groups that serve the model now, the one with more pods is kept while the wanted one still gains pods.
 * - No pair of model and pod is new in force before the pod holds the model, in whatever order Envoy applies changes: a
 *   pod joins a group when it holds all that is in force there, a model joins when all pods in force hold it.
 */

/** Where the model should be, given what its shards' pods say. */
export function wantedGroup(model: ModelRecord, groups: Groups): Group | null {
  const [first] = model.listings;
  if (first === undefined) return null;
  if (model.listings.length === 1 && wantedWhole(model, first)) return groups.ofShard(first);
  const parts: Part[] = [];
  for (const shard of model.listings) {
    if (wantedWhole(model, shard)) parts.push({ shard, pod: null });
    else if (!shard.orphaned) parts.push(...podsHolding(model, shard));
  }
  return parts.length === 0 ? null : groups.of(parts);
}

/** A shard whose table is gone counts while it serves: nobody waits for it. */
function wantedWhole(model: ModelRecord, shard: ShardRecord): boolean {
  if (shard.orphaned) return shard.fit.length > 0 && shard.fit.every((pod) => usable(pod, model));
  return !shard.fit.some((pod) => stuck(pod, model));
}

function podsHolding(model: ModelRecord, shard: ShardRecord): Part[] {
  return shard.fit.filter((pod) => usable(pod, model)).map(({ info }) => ({ shard, pod: info.pod }));
}

/**
 * Where the model's route should point to now; null: nowhere. `hurry`: a model without a route does not wait until all
 * pods that should serve it hold it.
 */
export function home(model: ModelRecord, groups: Groups, nowMs: number, hurry: boolean): Group | null {
  const { wanted, target, listings, endsAt } = model;
  if (listings.length === 0 && endsAt !== null && nowMs >= endsAt) return null;
  const ready = wanted !== null && takes(wanted, model);
  if (ready && (wanted === target || wanted.complete)) return wanted;
  const current = target !== null && target !== wanted && mayStay(target, model) ? target : null;
  if (current !== null) {
    if (ready) return current.intended.length > wanted.intended.length ? current : wanted;
    return (wanted !== null && wider(current, wanted, model, groups)) || current;
  }
  // Not all is where it should be, so also where it still is; unless that keeps others from loading.
  const old = new Set<ShardRecord>();
  for (const { shard } of model.holders) if (!listings.includes(shard) && !shard.crowded) old.add(shard);
  const left = [...old].flatMap((shard) => holding(model, shard));
  if (ready && left.length === 0) return wanted;
  if (left.length === 0 && target === null && !hurry) return null;
  const parts = [...listings.flatMap((shard) => holding(model, shard)), ...left];
  const all = parts.length === 0 ? null : settled(groups.of(parts));
  if (all !== null && takes(all, model) && !(ready && all.intended.length <= wanted.intended.length)) return all;
  return ready ? wanted : onePod(parts, model, groups);
}

/** All members hold the model, and all that Envoy may take for members. */
function takes(group: Group, model: ModelRecord): boolean {
  if (group.intended.length === 0 || !group.intended.every((pod) => usable(pod, model))) return false;
  if (model.slot(group)?.until === inForce) return true;
  for (const [pod, until] of group.sent) if (until === inForce && !usable(pod, model)) return false;
  return true;
}

/** Neither does it keep others from loading, nor pods without the model from becoming members. */
function mayStay(group: Group, model: ModelRecord): boolean {
  if (!takes(group, model) || group.candidates.some((pod) => stuck(pod, model))) return false;
  return group.parts.every(({ shard }) => !shard.crowded || shard.listed.has(model));
}

/** What of the shard holds the model now. */
function holding(model: ModelRecord, shard: ShardRecord): readonly Part[] {
  const pods = podsHolding(model, shard);
  return pods.length > 0 && pods.length === shard.fit.length ? [{ shard, pod: null }] : pods;
}

/** Of a model with three copies and more: those that are ready, where they are more than serve it now. */
function wider(current: Group, wanted: Group, model: ModelRecord, groups: Groups): Group | null {
  if (current.parts.length + 1 >= wanted.parts.length) return null;
  const parts = wanted.parts.filter(
    ({ shard, pod }) => pod === null && shard.fit.length > 0 && shard.fit.every((one) => usable(one, model)),
  );
  const within = current.parts.every(({ shard, pod }) => pod === null && parts.some((part) => part.shard === shard));
  if (!within || parts.length <= current.parts.length) return null;
  const group = settled(groups.of(parts));
  return takes(group, model) ? group : null;
}

/** The last resort, while a greater group still has members without the model. */
function onePod(parts: readonly Part[], model: ModelRecord, groups: Groups): Group | null {
  const pods = parts.flatMap(({ shard, pod }) => shard.fit.filter(({ info }) => pod === null || pod === info.pod));
  const ranked = pods.map((pod) => ({ pod, score: hash(`${model.served} ${pod.info.pod}`) }));
  for (const { pod } of ranked.sort((a, b) => b.score - a.score)) {
    const group = settled(groups.of([{ shard: pod.shard, pod: pod.info.pod }]));
    if (takes(group, model)) return group;
  }
  return null;
}

function settled(group: Group): Group {
  if (!group.settled) settleGroup(group);
  return group;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
