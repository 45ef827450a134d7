import { join } from 'node:path';
import { writeFileAtomic } from '../project/atomic-file';
import type { LocalPod } from './pods';

/** Tells meshd which pods there are; it watches the file. */
export function writePods(directory: string, pods: readonly LocalPod[]): void {
  const entries = pods.map(({ pod, shard, address, token, ports: { agent, proxy, http, grpc } }) => ({
    pod,
    shard,
    address,
    token,
    ports: { agent, proxy, http, grpc },
  }));
  writeFileAtomic(join(directory, 'pods.json'), `${JSON.stringify(entries, null, 2)}\n`);
}
