import type { PodEndpoint, ShardEndpoints } from '../route-state';
import { type Any, protos } from './protos';

/** What a cluster of a group speaks: the server's own ports, or the agent's proxy port. */
export type ClusterKind = 'http' | 'grpc' | 'proxy' | 'proxy-grpc';

export interface ClusterLimits {
  /** For each group of pods: connections, waiting requests and requests under way. */
  readonly maxRequests: number;
  readonly connectTimeoutMs: number;
}

export const defaultLimits: ClusterLimits = { maxRequests: 8192, connectTimeoutMs: 2000 };

export const clusterName = (shard: string, kind: ClusterKind): string => `${shard}/${kind}`;

/** The clusters that a group's own protocols call for. */
export function clusterKinds(shard: ShardEndpoints): readonly ClusterKind[] {
  const http = shard.protocols.some((protocol) => protocol !== 'v2-grpc');
  const grpc = shard.protocols.includes('v2-grpc');
  return [...(http ? (['http'] as const) : []), ...(grpc ? (['grpc'] as const) : [])];
}

export const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 });
const whole = (value: number) => ({ value });

/** The Envoy cluster of one group and kind; endpoints come by EDS under the same name. */
export function clusterResource(name: string, kind: ClusterKind, limits: ClusterLimits): Any {
  const { encode } = protos();
  const http2 = kind.endsWith('grpc');
  const options = encode('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
    // Shorter than the 5 s after which uvicorn and Node close an idle connection: no request meets a closing one.
    common_http_protocol_options: { idle_timeout: duration(http2 ? 300_000 : 4000) },
    explicit_http_config: http2 ? { http2_protocol_options: {} } : { http_protocol_options: {} },
  });
  const onDemand = kind.startsWith('proxy');
  return encode('envoy.config.cluster.v3.Cluster', {
    name,
    // A dot would end the name in statistics, and begin the metric's.
    alt_stat_name: name.replaceAll('.', '_'),
    type: 'EDS',
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
    connect_timeout: duration(limits.connectTimeoutMs),
    // An on-demand model should meet the pod that loaded it last, unless that one is much busier.
    ...(onDemand
      ? {
          lb_policy: 'MAGLEV',
          maglev_lb_config: { table_size: whole(1021) },
          common_lb_config: {
            consistent_hashing_lb_config: { hash_balance_factor: whole(150) },
            healthy_panic_threshold: { value: 0 },
          },
        }
      : { lb_policy: 'LEAST_REQUEST', common_lb_config: { healthy_panic_threshold: { value: 0 } } }),
    circuit_breakers: {
      thresholds: [
        {
          max_connections: whole(limits.maxRequests),
          max_pending_requests: whole(limits.maxRequests),
          max_requests: whole(limits.maxRequests),
          max_retries: whole(Math.max(3, Math.floor(limits.maxRequests / 5))),
        },
      ],
    },
    // A pod is put aside when it cannot be reached or answers as a dead gateway; never for a model's own 500.
    outlier_detection: {
      split_external_local_origin_errors: true,
      enforcing_consecutive_5xx: whole(0),
      enforcing_success_rate: whole(0),
      enforcing_local_origin_success_rate: whole(0),
      consecutive_gateway_failure: whole(5),
      enforcing_consecutive_gateway_failure: whole(100),
      consecutive_local_origin_failure: whole(3),
      interval: duration(5000),
      base_ejection_time: duration(3000),
      max_ejection_time: duration(30_000),
      max_ejection_percent: whole(50),
    },
    typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
  });
}

const portOf: Record<ClusterKind, (pod: PodEndpoint) => number | null> = {
  http: (pod) => pod.http,
  grpc: (pod) => pod.grpc,
  proxy: (pod) => pod.proxy,
  'proxy-grpc': (pod) => pod.proxy,
};

/** The endpoints of one cluster, by zone. Pods without the kind's port are left out. */
export function endpointsResource(name: string, kind: ClusterKind, pods: readonly PodEndpoint[]): Any {
  const zones = new Map<string, object[]>();
  for (const pod of pods) {
    const port = portOf[kind](pod);
    if (port === null) continue;
    const zone = pod.zone ?? '';
    const endpoint = {
      endpoint: { address: { socket_address: { address: pod.address, port_value: port } }, hostname: pod.pod },
      // For the access log: a cluster may be of several shards.
      metadata: { filter_metadata: { stowage: { fields: { shard: { stringValue: pod.shard } } } } },
    };
    const those = zones.get(zone);
    if (those === undefined) zones.set(zone, [endpoint]);
    else those.push(endpoint);
  }
  return protos().encode('envoy.config.endpoint.v3.ClusterLoadAssignment', {
    cluster_name: name,
    endpoints: [...zones].map(([zone, lb_endpoints]) => ({ locality: { zone }, lb_endpoints })),
  });
}
