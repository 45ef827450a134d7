/** Adds to a bootstrap a plain listener with one route to one cluster: what Envoy costs by itself. */
export function bareListener(bootstrap: object, port: number, upstreamPort: number): object {
  const { static_resources, ...rest } = bootstrap as {
    static_resources: { listeners: object[]; clusters: object[] };
  };
  const address = { socket_address: { address: '127.0.0.1', port_value: upstreamPort } };
  const cluster = {
    name: 'bare',
    type: 'STATIC',
    lb_policy: 'LEAST_REQUEST',
    load_assignment: { cluster_name: 'bare', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'bare',
    generate_request_id: false,
    route_config: {
      name: 'bare',
      virtual_hosts: [
        {
          name: 'bare',
          domains: ['*'],
          routes: [
            {
              match: { prefix: '/', headers: [{ name: 'x-cluster', present_match: true }] },
              route: { cluster_header: 'x-cluster' },
            },
            { match: { prefix: '/' }, route: { cluster: 'bare' } },
          ],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const listener = {
    name: 'bare',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  };
  return {
    ...rest,
    static_resources: {
      listeners: [...static_resources.listeners, listener],
      clusters: [...static_resources.clusters, cluster],
    },
  };
}
