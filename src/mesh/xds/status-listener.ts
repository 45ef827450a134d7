import type { Listen } from './listeners';

const admin = 'stowage-admin';

/** `/ready` (routes are there), `/live` and `/stats/prometheus` for the cluster; nothing else of the admin interface. */
export function statusListener(listen: Listen): object {
  const pass = (path: string) => ({ match: { path }, route: { cluster: admin, timeout: '10s' } });
  return {
    name: 'stowage-status',
    address: { socket_address: { address: listen.address, port_value: listen.port } },
    ignore_global_conn_limit: true,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              stat_prefix: 'status',
              normalize_path: true,
              route_config: {
                name: 'status',
                virtual_hosts: [
                  {
                    name: 'status',
                    domains: ['*'],
                    routes: [
                      { match: { path: '/live' }, direct_response: { status: 200 } },
                      ...['/ready', '/stats/prometheus'].map(pass),
                    ].map((route) => ({
                      ...route,
                      match: { ...route.match, headers: [{ name: ':method', string_match: { exact: 'GET' } }] },
                    })),
                  },
                ],
              },
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

export function statusCluster(adminPort: number): object {
  const address = { socket_address: { address: '127.0.0.1', port_value: adminPort } };
  return {
    name: admin,
    type: 'STATIC',
    load_assignment: { cluster_name: admin, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}
