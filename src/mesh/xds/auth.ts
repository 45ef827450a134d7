import { isIP } from 'node:net';

/** How callers prove which tenant they are; null in the options: all callers are one tenant. */
export type Authentication =
  | {
      readonly type: 'jwt';
      readonly issuer: string;
      readonly audiences?: readonly string[];
      /** The claim that names the tenant (a string). */
      readonly tenantClaim: string;
      readonly jwks:
        | { readonly inline: string }
        | { readonly file: string }
        | { readonly url: string; readonly caFile?: string };
    }
  | {
      readonly type: 'api-key';
      /** Sent as `x-api-key`, or as `authorization: Bearer KEY`. */
      readonly keys: readonly { readonly key: string; readonly tenant: string }[];
    };

const jwksCluster = 'stowage-jwks';

/** HTTP filters that verify the caller and set `x-stowage-tenant`; clears the route that was chosen without it. */
export function authenticationFilters(auth: Authentication | null): readonly object[] {
  if (auth === null) return [];
  if (auth.type === 'jwt') {
    const { jwks } = auth;
    const keys =
      'inline' in jwks
        ? { local_jwks: { inline_string: jwks.inline } }
        : 'file' in jwks
          ? { local_jwks: { filename: jwks.file } }
          : {
              remote_jwks: {
                http_uri: { uri: jwks.url, cluster: jwksCluster, timeout: '5s' },
                cache_duration: '300s',
                async_fetch: { fast_listener: true },
              },
            };
    return [
      {
        name: 'envoy.filters.http.jwt_authn',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
          providers: {
            stowage: {
              issuer: auth.issuer,
              ...(auth.audiences === undefined ? {} : { audiences: auth.audiences }),
              ...keys,
              // Not from the query, which logs keep.
              from_headers: [{ name: 'Authorization', value_prefix: 'Bearer ' }],
              claim_to_headers: [{ header_name: 'x-stowage-tenant', claim_name: auth.tenantClaim }],
              // No cache of verified tokens: it would honour those of a key that was withdrawn.
              clear_route_cache: true,
              require_expiration: true,
            },
          },
          rules: [
            // Whether the mesh lives is no secret: as by REST.
            { match: { safe_regex: { regex: '/inference\\.GRPCInferenceService/Server(Live|Ready|Metadata)' } } },
            { match: { prefix: '/' }, requires: { provider_name: 'stowage' } },
          ],
        },
      },
    ];
  }
  return [
    {
      name: 'envoy.filters.http.api_key_auth',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth',
        credentials: auth.keys.map(({ key, tenant }) => ({ key, client: tenant })),
        key_sources: [{ header: 'x-api-key' }, { header: 'authorization' }],
        forwarding: { header: 'x-stowage-tenant', hide_credentials: true },
      },
    },
    {
      name: 'stowage.tenant',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
        default_source_code: { inline_string: 'function envoy_on_request(h) h:clearRouteCache() end' },
      },
    },
  ];
}

/** The cluster that remote keys are fetched from. */
export function authenticationClusters(auth: Authentication | null): readonly object[] {
  if (auth?.type !== 'jwt' || !('url' in auth.jwks)) return [];
  const url = new URL(auth.jwks.url);
  const tls = url.protocol === 'https:';
  const port = Number(url.port) || (tls ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = { socket_address: { address: host, port_value: port } };
  return [
    {
      name: jwksCluster,
      type: 'STRICT_DNS',
      connect_timeout: '5s',
      load_assignment: { cluster_name: jwksCluster, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
      ...(tls
        ? {
            transport_socket: {
              name: 'envoy.transport_sockets.tls',
              typed_config: {
                '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
                ...(isIP(host) > 0 ? {} : { sni: host }),
                common_tls_context: {
                  validation_context: {
                    trusted_ca: { filename: auth.jwks.caFile ?? '/etc/ssl/certs/ca-certificates.crt' },
                    match_typed_subject_alt_names: [
                      { san_type: isIP(host) > 0 ? 'IP_ADDRESS' : 'DNS', matcher: { exact: host } },
                    ],
                  },
                },
              },
            },
          }
        : {}),
    },
  ];
}
