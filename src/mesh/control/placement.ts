import { byPod, Group, inForce, type ModelRecord, type PodRecord, type ShardRecord } from './records';

/**
 * Which pods may get which model's requests. The rules:
 * - A model is served by `full`, all members of its shard, when all of them hold it. A member that must load a routed
 *   model again stops being one until it has.
 * - A model that a pod of its shard does not hold and will not get (it failed there, or left its table) is served, alone,
 *   by one pod that holds it (`partial`): neither does it take the pod's other models down, nor is it unreachable. So is a
 *   model that has long been held by one member while others still load it.
 * - No pair of model and pod is new in force before the pod holds the model, in whatever order Envoy applies changes: a
 *   pod joins when it holds all that is in force on `full`, a model joins when all pods in force hold it.
 */

/** The pod answers for the model, and will until this router releases it. */
export function usable(pod: PodRecord, model: ModelRecord): boolean {
  const held = pod.models.get(model);
  if (held === undefined) return false;
  if (pod.lost) return held.state === 'ready' && pod.shard.listed.has(model) && sentTo(pod, model);
  return held.state === 'ready' || (held.state === 'leaving' && !pod.released.has(model));
}

/** The pod does not answer for the model, and is expected to. */
function coming(pod: PodRecord, model: ModelRecord): boolean {
  const state = pod.models.get(model)?.state;
  if (state === 'failed') return false;
  if (state === 'loading' || state === 'waiting') return true;
  const refusesTable = pod.tableProblem !== null && pod.told === pod.shard.table?.digest;
  return pod.shard.listed.has(model) && !refusesTable;
}

function stuck(pod: PodRecord, model: ModelRecord): boolean {
  return !usable(pod, model) && !coming(pod, model);
}

function sentTo(pod: PodRecord, model: ModelRecord): boolean {
  return model.slots.some(
    ({ group, until }) =>
      until === inForce && (group.pod === pod || (group === pod.shard.full && pod.shard.sent.get(pod) === inForce)),
  );
}

/** Looks at a shard's pods anew. */
export function settle(shard: ShardRecord, nowMs: number, roomPatienceMs: number): void {
  const alive = [...shard.pods.values()].filter((pod) => pod.info.alive && pod.instance !== null && pod.serving);
  const heard = alive.filter((pod) => !pod.lost);
  // With no agent to be heard, what was in force stays: better a pod that may serve than none.
  const candidates = (heard.length > 0 ? heard : alive).sort(byPod);
  shard.candidates = candidates;

  const onFull = [...shard.routed].filter((model) => model.target === shard.full);
  const reloads = (pod: PodRecord) => onFull.some((model) => !usable(pod, model) && coming(pod, model));
  const kept = candidates.filter((pod) => shard.members.has(pod) && !reloads(pod));
  shard.intended = kept.length > 0 ? kept : firstMembers(shard);

  const waits = candidates.some((pod) => pod.waiting > 0);
  shard.waitingSince = waits ? (shard.waitingSince ?? nowMs) : null;
  shard.crowded = shard.waitingSince !== null && nowMs - shard.waitingSince >= roomPatienceMs;
}

/** The pod that holds most, and those that hold no less. */
function firstMembers(shard: ShardRecord): readonly PodRecord[] {
  const models = new Set([...shard.listed.keys(), ...shard.routed]);
  let best: readonly ModelRecord[] | null = null;
  for (const pod of shard.candidates) {
    const held = [...models].filter((model) => usable(pod, model));
    if (best === null || held.length > best.length) best = held;
  }
  return shard.candidates.filter((pod) => best?.every((model) => usable(pod, model) || stuck(pod, model)));
}

/** Where in the shard the model can be served now; null: nowhere. */
function place(model: ModelRecord, shard: ShardRecord): Group | null {
  // Nobody has said yet on which ports the shard's servers listen.
  if (shard.header === null) return null;
  let held = 0;
  let degraded = false;
  for (const pod of shard.candidates) {
    if (usable(pod, model)) held++;
    else if (!coming(pod, model)) degraded = true;
  }
  if (held === 0) return null;
  if (!degraded && shard.intended.length > 0 && shard.intended.every((pod) => usable(pod, model))) {
    if (model.slot(shard.full)?.until === inForce || allSentHold(shard, model)) return shard.full;
  }
  const current = model.target?.shard === shard ? model.target : null;
  // Waiting for the other members is for models that have no route here yet, and not for ever.
  if (!degraded && current === null && !model.impatient) return null;
  const holders = shard.candidates.filter((pod) => usable(pod, model));
  if (current?.pod && holders.includes(current.pod)) return current;
  return partialGroup(shard, steadyChoice(model, holders));
}

function allSentHold(shard: ShardRecord, model: ModelRecord): boolean {
  for (const [pod, until] of shard.sent) if (until === inForce && !usable(pod, model)) return false;
  return true;
}

function partialGroup(shard: ShardRecord, pod: PodRecord): Group {
  const known = shard.partial.get(pod.info.pod);
  if (known?.pod === pod) return known;
  const group = new Group(`${shard.id}@${pod.info.pod}`, shard, pod);
  shard.partial.set(pod.info.pod, group);
  return group;
}

/** Where the model's route should point to; null: nowhere. */
export function home(model: ModelRecord, nowMs: number): Group | null {
  const [only] = model.listings;
  if (only !== undefined && model.listings.length === 1 && !only.orphaned) {
    const group = place(model, only);
    if (group !== null) return group;
  }
  const current = model.target?.shard ?? null;
  const first = (shards: readonly ShardRecord[]): Group | null => {
    for (const shard of shards) {
      const group = place(model, shard);
      if (group !== null) return group;
    }
    return null;
  };
  const wanted = ordered(
    model.listings.filter((shard) => !shard.orphaned),
    current,
  );
  const there = first(wanted);
  if (there !== null) return there;
  if (model.listings.length === 0 && model.endsAt !== null && nowMs >= model.endsAt) return null;
  // Not where it should be, so where it still is; unless that keeps others from loading.
  const old = model.holders.map((pod) => pod.shard).filter((shard) => !wanted.includes(shard));
  return first(ordered(old, current).filter((shard) => shard.listed.has(model) || !shard.crowded));
}

function ordered(shards: readonly ShardRecord[], current: ShardRecord | null): readonly ShardRecord[] {
  if (shards.length < 2) return shards;
  const rank = (shard: ShardRecord) => (shard === current ? 0 : 1);
  return [...new Set(shards)].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

/** Pods of the shard that should get the requests for `full`. */
export function membersOf(shard: ShardRecord): ReadonlySet<PodRecord> {
  const inForceHere = [...shard.full.models].filter((model) => model.slot(shard.full)?.until === inForce);
  return new Set(
    shard.candidates.filter(
      (pod) =>
        (shard.intended.includes(pod) && shard.sent.get(pod) === inForce) ||
        inForceHere.every((model) => usable(pod, model)),
    ),
  );
}

/** Spreads models over pods, and keeps a model's pod while the others come and go. */
function steadyChoice(model: ModelRecord, pods: readonly PodRecord[]): PodRecord {
  let best = pods[0] as PodRecord;
  let bestScore = -1;
  for (const pod of pods) {
    const score = hash(`${model.served} ${pod.info.pod}`);
    if (score > bestScore) {
      best = pod;
      bestScore = score;
    }
  }
  return best;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
