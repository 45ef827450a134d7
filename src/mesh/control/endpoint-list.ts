import { byCodePoint } from '../../declare/findings';
import type { PodEndpoint, ShardEndpoints } from '../route-state';
import { noneGroup } from './none-group';
import { byPod, type Group, type PodRecord } from './records';

const none: ShardEndpoints = { shard: noneGroup, protocols: ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'], pods: [] };

/** The pods behind each group that routes point to. */
export class EndpointList {
  private readonly groups = new Map<string, ShardEndpoints>([[noneGroup, none]]);
  private list: readonly ShardEndpoints[] | null = null;

  get changed(): boolean {
    return this.list === null;
  }

  /** Looks at a group anew. */
  refresh(group: Group): void {
    if (group.routed === 0) {
      if (this.groups.delete(group.id)) this.list = null;
      return;
    }
    const before = this.groups.get(group.id);
    const endpoints = endpointsOf(group, [...group.members].sort(byPod));
    if (before !== undefined && same(before, endpoints)) return;
    this.groups.set(group.id, endpoints);
    this.list = null;
  }

  /** Sorted; the same array where nothing changed. */
  current(): readonly ShardEndpoints[] {
    this.list ??= [...this.groups.values()].sort((a, b) => byCodePoint(a.shard, b.shard));
    return this.list;
  }
}

function same(a: ShardEndpoints, b: ShardEndpoints): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function endpointsOf({ id, parts }: Group, pods: readonly PodRecord[]): ShardEndpoints {
  // Any of the pods may be asked: they all must speak it.
  const spoken = parts.flatMap(({ shard: { header } }) => (header === null ? [] : [header.runtime.protocols]));
  const [first = [], ...others] = spoken;
  const protocols = first.filter((protocol) => others.every((those) => those.includes(protocol)));
  return { shard: id, protocols, pods: pods.map(endpointOf) };
}

function endpointOf({ info, shard }: PodRecord): PodEndpoint {
  const ports = shard.header?.runtime.ports;
  return {
    pod: info.pod,
    shard: shard.id,
    address: info.address,
    http: info.ports.http ?? ports?.http ?? 0,
    grpc: info.ports.grpc ?? ports?.grpc ?? null,
    proxy: info.ports.proxy,
    zone: info.zone,
  };
}
