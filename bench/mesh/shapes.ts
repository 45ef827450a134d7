/** A listener beside the mesh's own, as plain as Envoy can be: what Envoy costs by itself. */
export interface PlainListener {
  readonly name: string;
  readonly port: number;
  /** One route to one cluster of these; or, as the header `x-cluster` says, to any cluster. */
  readonly to: { readonly addresses: readonly string[]; readonly port: number } | 'as the header says';
  readonly http2?: boolean;
  /** As the mesh's own clusters have it; absent: Envoy's own hour. */
  readonly idleMs?: number;
}

interface StaticResources {
  readonly listeners: readonly object[];
  readonly clusters: readonly object[];
}

/** Adds plain listeners to a bootstrap. */
export function withListeners(bootstrap: object, plain: readonly PlainListener[]): object {
  const { static_resources, ...rest } = bootstrap as { static_resources: StaticResources };
  const { listeners, clusters } = static_resources;
  return {
    ...rest,
    static_resources: {
      listeners: [...listeners, ...plain.map((one) => httpListener(one.name, one.port, plainRoutes(one)))],
      clusters: [...clusters, ...plain.flatMap(plainCluster)],
    },
  };
}

/** The bootstrap without its own listeners. */
export function withoutListeners(bootstrap: object): object {
  const { static_resources, ...rest } = bootstrap as { static_resources: StaticResources };
  return { ...rest, static_resources: { listeners: [], clusters: static_resources.clusters } };
}

/** `routes`: `route_config` or `rds` of the connection manager. */
export function httpListener(name: string, port: number, routes: object): object {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: name,
    generate_request_id: false,
    ...routes,
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  };
}

function plainRoutes({ name, to }: PlainListener): object {
  const route = to === 'as the header says' ? { cluster_header: 'x-cluster' } : { cluster: name };
  const host = { name, domains: ['*'], routes: [{ match: { prefix: '/' }, route }] };
  return { route_config: { name, virtual_hosts: [host] } };
}

function plainCluster({ name, to, http2 = false, idleMs }: PlainListener): readonly object[] {
  if (to === 'as the header says') return [];
  const endpoints = to.addresses.map((address) => ({
    endpoint: { address: { socket_address: { address, port_value: to.port } } },
  }));
  return [
    {
      name,
      type: 'STATIC',
      lb_policy: 'LEAST_REQUEST',
      load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          ...(idleMs === undefined ? {} : { common_http_protocol_options: { idle_timeout: `${idleMs / 1000}s` } }),
          explicit_http_config: http2 ? { http2_protocol_options: {} } : { http_protocol_options: {} },
        },
      },
    },
  ];
}
