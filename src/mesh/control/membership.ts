import { coming, stuck, usable } from './fitness';
import type { ControlOptions } from './options';
import { byPod, type Group, inForce, type ModelRecord, type PodRecord, type ShardRecord } from './records';

/** Looks at a shard's pods anew. */
export function settleShard(
  shard: ShardRecord,
  nowMs: number,
  patience: Pick<ControlOptions, 'roomPatienceMs' | 'copyPatienceMs'>,
): void {
  const fit = [...shard.pods.values()].filter((pod) => pod.info.alive && pod.instance !== null && pod.serving);
  // Without a table nobody has said yet on which ports the shard's servers listen.
  shard.fit = shard.header === null ? [] : fit.sort(byPod);
  const waits = fit.some((pod) => pod.waiting > 0);
  shard.waitingSince = waits ? (shard.waitingSince ?? nowMs) : null;
  shard.crowded = shard.waitingSince !== null && nowMs - shard.waitingSince >= patience.roomPatienceMs;
  const missing = shard.fit.every((pod) => pod.lost);
  shard.missingSince = missing ? (shard.missingSince ?? nowMs) : null;
  shard.missed = shard.missingSince !== null && nowMs - shard.missingSince >= patience.copyPatienceMs;
}

/** Looks at a group's pods anew, once its shards are settled. */
export function settleGroup(group: Group): void {
  const { parts, members } = group;
  const fit = parts.flatMap(({ shard, pod }) =>
    pod === null ? shard.fit : shard.fit.filter(({ info }) => info.pod === pod),
  );
  const heard = fit.filter((pod) => !pod.lost);
  // With no agent to be heard, what was in force stays: better a pod that may serve than none.
  const candidates = heard.length > 0 ? heard : fit;
  group.candidates = candidates;
  const routed = [...group.models].filter((model) => model.target === group);
  const reloads = (pod: PodRecord) => routed.some((model) => !usable(pod, model) && coming(pod, model));
  const kept = members.size === 0 ? [] : candidates.filter((pod) => members.has(pod) && !reloads(pod));
  group.intended = kept.length > 0 ? kept : firstMembers(group, routed);
  group.complete =
    group.intended.length === candidates.length &&
    parts.every(
      ({ shard, pod }) =>
        shard.missed || candidates.some((one) => one.shard === shard && (pod === null || one.info.pod === pod)),
    );
  group.hopeful = [];
  group.settled = true;
}

/** The pod that holds most, and those that hold no less; of those that may join now. */
function firstMembers(group: Group, routed: readonly ModelRecord[]): readonly PodRecord[] {
  const joining = group.candidates.filter((pod) => mayJoin(group, pod));
  if (joining.length < 2) return joining;
  const models = [...routed, ...group.hopeful];
  let best: readonly ModelRecord[] = [];
  for (const pod of joining) {
    const held = models.filter((model) => usable(pod, model));
    if (held.length > best.length) best = held;
  }
  return joining.filter((pod) => best.every((model) => usable(pod, model) || stuck(pod, model)));
}

/** Nothing that Envoy may send to the group would meet a pod without it. */
function mayJoin(group: Group, pod: PodRecord): boolean {
  return group.sent.get(pod) === inForce || holdsAll(pod, group);
}

function holdsAll(pod: PodRecord, group: Group): boolean {
  for (const model of group.models) {
    if (model.slot(group)?.until === inForce && !usable(pod, model)) return false;
  }
  return true;
}

const nobody: ReadonlySet<PodRecord> = new Set();

/** Pods that should get the group's requests. */
export function membersOf(group: Group): ReadonlySet<PodRecord> {
  if (group.routed === 0) return nobody;
  return new Set(
    group.candidates.filter(
      (pod) => (group.intended.includes(pod) && group.sent.get(pod) === inForce) || holdsAll(pod, group),
    ),
  );
}
