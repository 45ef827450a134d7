import { wholeShare } from '../shares';

/** Copies of requests to a second model, by listeners inside Envoy that look the model up as any other. */

/** Names the model, by its served name; never believed from outside. */
export const mirrorHeader = 'x-stowage-mirror';

export const mirrorClusters = { rest: 'stowage-mirror-rest', grpc: 'stowage-mirror-grpc' } as const;

export interface Route {
  readonly match: { readonly headers: readonly object[]; readonly [field: string]: unknown };
  readonly route: object;
  readonly [field: string]: unknown;
}

/**
 * A route some of whose requests are copied, too. The copy says which model it is for; so does the request, whose answer
 * counts. A copy is not copied again, whatever its model's name leads to.
 *
 * `from` and `until`: which random numbers of requests, in millionths, the route takes. Envoy compares the same number with
 * the mirror's fraction, so that a share of the route's own requests begins where these do.
 */
export function mirrored(
  { match, route, ...rest }: Route,
  protocol: string,
  { served, shareMicro }: { readonly served: string; readonly shareMicro: number },
  { from, until }: { readonly from: number; readonly until: number },
): Route {
  const numerator = from + Math.round((shareMicro / wholeShare) * (until - from));
  return {
    ...rest,
    match: {
      ...match,
      headers: [...match.headers, { name: mirrorHeader, present_match: true, invert_match: true }],
    },
    route: {
      ...route,
      request_mirror_policies: [
        {
          cluster: protocol === 'v2-grpc' ? mirrorClusters.grpc : mirrorClusters.rest,
          runtime_fraction: { default_value: { numerator, denominator: 'MILLION' } },
          trace_sampled: { value: false },
          disable_shadow_host_suffix_append: true,
        },
      ],
    },
    request_headers_to_add: [
      { header: { key: mirrorHeader, value: served }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    ],
  };
}

/** The static clusters that lead copies to those listeners. */
export const mirrorClusterConfigs = (): readonly object[] =>
  (['rest', 'grpc'] as const).map((kind) => ({
    name: mirrorClusters[kind],
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: mirrorClusters[kind],
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: {
                address: { envoy_internal_address: { server_listener_name: mirrorClusters[kind], endpoint_id: kind } },
              },
            },
          ],
        },
      ],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        // Both: a copy a stream, and no connection each.
        explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 1000 } },
      },
    },
  }));

/** What Envoy needs to be its own client. */
export const internalListeners = {
  name: 'envoy.bootstrap.internal_listener',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener',
  },
} as const;
