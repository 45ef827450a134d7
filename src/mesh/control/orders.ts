import type { SyncOrder } from './events';
import type { PodRecord } from './records';

/**
 * What the pod's agent should be asked and told. Before `mayRelease`, routes that an earlier meshd left with Envoy may
 * still be followed.
 */
export function orderFor(pod: PodRecord, mayRelease: boolean): SyncOrder {
  const { info, shard, instance, revision } = pod;
  return {
    pod: info.pod,
    address: info.address,
    port: info.ports.agent,
    token: info.token,
    instance,
    since: revision,
    table: lacksTable(pod) ? shard.table : null,
    released: [...pod.released].map(({ served }) => served).sort(),
    routed: !mayRelease || pod.sentBy > 0,
  };
}

/** The agent goes by another table than the shard's, and would not refuse the shard's. */
function lacksTable(pod: PodRecord): boolean {
  const { table } = pod.shard;
  if (table === null || pod.instance === null || pod.tableDigest === table.digest) return false;
  if (pod.tableRevision > table.revision) return false;
  return pod.tableProblem === null || pod.told !== table.digest;
}
