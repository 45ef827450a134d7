import { inForce, type ModelRecord, type PodRecord } from './records';

/** The pod answers for the model, and will until this router releases it. */
export function usable(pod: PodRecord, model: ModelRecord): boolean {
  const held = pod.models.get(model);
  if (held === undefined) return false;
  if (pod.lost) return held.state === 'ready' && pod.shard.listed.has(model) && sentTo(pod, model);
  return held.state === 'ready' || (held.state === 'leaving' && !pod.released.has(model));
}

/** The pod does not answer for the model, and is expected to. */
export function coming(pod: PodRecord, model: ModelRecord): boolean {
  const state = pod.models.get(model)?.state;
  if (state === 'failed') return false;
  if (state === 'loading' || state === 'waiting') return true;
  const refusesTable = pod.tableProblem !== null && pod.told === pod.shard.table?.digest;
  return pod.shard.listed.has(model) && !refusesTable;
}

export function stuck(pod: PodRecord, model: ModelRecord): boolean {
  return !usable(pod, model) && !coming(pod, model);
}

function sentTo(pod: PodRecord, model: ModelRecord): boolean {
  return model.slots.some(({ group, until }) => until === inForce && group.sent.get(pod) === inForce);
}
