import { routerPorts } from '../../render/names';
import { type Authentication, authenticationClusters } from './auth';
import { fromMeshd, grpcListener, type Listen, type ListenerOptions, mirrorListeners, restListener } from './listeners';
import { internalListeners, mirrorClusterConfigs } from './mirror';
import { statusCluster, statusListener } from './status-listener';
import { meshdApiCluster, meshdCluster } from './tables';

export interface EnvoyBootstrapOptions {
  /** Of the xDS server. */
  readonly socketPath: string;
  readonly nodeId: string;
  /** Of meshd's HTTP, on loopback; default: as in a cluster. */
  readonly meshdPort?: number;
  readonly http: Listen;
  /** null: no gRPC listener. */
  readonly grpc: Listen | null;
  /** On loopback, always; null: no admin interface (then no metrics either). */
  readonly adminPort: number | null;
  /** For probes and metrics, open to the cluster; needs `adminPort`. */
  readonly status?: Listen;
  /** null: callers are not told apart and are all `openTenant`; the xDS server keys by `name`, else `tenant-and-name`. */
  readonly authentication?: Authentication | null;
  /** Default: `default`. */
  readonly openTenant?: string;
  readonly accessLog?: string | null;
  /** Of one gRPC message; default: 64 MiB. */
  readonly maxRequestBytes?: number;
  /** Of one OpenAI request's body; default: 4 MiB. */
  readonly maxOpenAiBytes?: number;
  /** Shown at `/v2`. */
  readonly version?: string;
}

/** Envoy's bootstrap configuration, to be written as JSON. Pure: the same options give the same text. */
export function envoyBootstrap(options: EnvoyBootstrapOptions): object {
  const authentication = options.authentication ?? null;
  const listening: ListenerOptions = {
    authentication,
    openTenant: options.openTenant ?? 'default',
    accessLog: options.accessLog ?? null,
    maxRequestBytes: options.maxRequestBytes ?? 64 * 1024 * 1024,
    maxOpenAiBytes: options.maxOpenAiBytes ?? 4 * 1024 * 1024,
    version: options.version ?? '0',
  };
  return {
    node: { id: options.nodeId, cluster: 'stowage-router' },
    ...(options.adminPort === null
      ? {}
      : { admin: { address: { socket_address: { address: '127.0.0.1', port_value: options.adminPort } } } }),
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: meshdCluster,
              max_receive_message_length: 1073741824,
              // A meshd that comes back is found within a second (Envoy's own default: half a minute).
              retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } },
            },
          },
        ],
      },
      cds_config: fromMeshd,
    },
    bootstrap_extensions: [internalListeners],
    static_resources: {
      listeners: [
        restListener(options.http, listening),
        ...(options.grpc === null ? [] : [grpcListener(options.grpc, listening)]),
        ...(options.status === undefined ? [] : [statusListener(options.status)]),
        ...mirrorListeners(listening),
      ],
      clusters: [
        ...mirrorClusterConfigs(),
        meshdApi(options.meshdPort ?? routerPorts.meshd),
        {
          name: meshdCluster,
          type: 'STATIC',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: meshdCluster,
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: options.socketPath } } } }] }],
          },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
        ...authenticationClusters(authentication),
        ...(options.status === undefined || options.adminPort === null ? [] : [statusCluster(options.adminPort)]),
      ],
    },
    // By shard alone: the number of series follows the number of shards, never that of models.
    stats_config: {
      stats_matcher: {
        inclusion_list: {
          patterns: [
            {
              safe_regex: {
                regex:
                  'cluster\\.[^.]+\\.(upstream_rq_(total|active|time|retry|retry_success|timeout|pending_overflow|[1-5]xx)|upstream_cx_(active|connect_fail|overflow)|membership_(healthy|total)|outlier_detection\\.ejections_active)',
              },
            },
            // Not http.*.rds: one series for each route table.
            { safe_regex: { regex: 'http\\.(rest|grpc)\\.(downstream_\\w+|no_\\w+|jwt_authn\\..+|lua\\..+)' } },
            { prefix: 'listener.' },
            { prefix: 'server.' },
            { prefix: 'control_plane.' },
            { prefix: 'cluster_manager.' },
          ],
        },
      },
    },
    overload_manager: {
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: {
            '@type':
              'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
            max_active_downstream_connections: 50000,
          },
        },
      ],
    },
  };
}

function meshdApi(port: number): object {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name: meshdApiCluster,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: meshdApiCluster, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}
