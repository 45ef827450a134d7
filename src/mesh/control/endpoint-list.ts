import { byCodePoint } from '../../declare/findings';
import type { PodEndpoint, ShardEndpoints } from '../route-state';
import { noneGroup } from './name-index';
import { byPod, type Group, type PodRecord, type ShardRecord } from './records';

const none: ShardEndpoints = { shard: noneGroup, protocols: ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'], pods: [] };

/** The pods behind each group that routes may point to. */
export class EndpointList {
  private readonly groups = new Map<string, ShardEndpoints>([[noneGroup, none]]);
  private list: readonly ShardEndpoints[] | null = null;

  get changed(): boolean {
    return this.list === null;
  }

  /** Looks at a shard's groups anew. */
  refresh(shard: ShardRecord): void {
    const { full, members, routed, pods, header } = shard;
    this.set(full, header !== null && pods.size + routed.size > 0 ? members : null);
    for (const [name, group] of shard.partial) {
      const used = [...group.models].some((model) => model.target === group);
      this.set(group, used && group.pod !== null ? [group.pod] : null);
      if (group.models.size === 0) shard.partial.delete(name);
    }
  }

  /** Sorted; the same array where nothing changed. */
  current(): readonly ShardEndpoints[] {
    this.list ??= [...this.groups.values()].sort((a, b) => byCodePoint(a.shard, b.shard));
    return this.list;
  }

  private set(group: Group, pods: Iterable<PodRecord> | null): void {
    const endpoints = pods === null ? null : endpointsOf(group, [...pods].sort(byPod));
    const before = this.groups.get(group.id);
    if (endpoints === null) {
      if (this.groups.delete(group.id)) this.list = null;
    } else if (JSON.stringify(endpoints) !== JSON.stringify(before)) {
      this.groups.set(group.id, endpoints);
      this.list = null;
    }
  }
}

function endpointsOf(group: Group, pods: readonly PodRecord[]): ShardEndpoints | null {
  const { header } = group.shard;
  if (header === null) return null;
  const { ports, protocols } = header.runtime;
  return {
    shard: group.id,
    protocols,
    pods: pods.map(
      ({ info }): PodEndpoint => ({
        pod: info.pod,
        address: info.address,
        http: info.ports.http ?? ports.http,
        grpc: info.ports.grpc ?? ports.grpc,
        proxy: info.ports.proxy,
        zone: info.zone,
      }),
    ),
  };
}
