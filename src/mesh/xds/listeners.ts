import { accessLog } from './access-log';
import { type Authentication, authenticationFilters } from './auth';
import { listerHeader } from './listing';
import { grpcScript, grpcUnsureScript } from './lua-grpc';
import { grpcMirrorScript, restMirrorScript } from './lua-mirror';
import { restScript } from './lua-rest';
import { mirrorClusters, mirrorHeader } from './mirror';

export interface Listen {
  readonly address: string;
  readonly port: number;
}

export interface ListenerOptions {
  readonly authentication: Authentication | null;
  /** The tenant of all callers when `authentication` is null. */
  readonly openTenant: string;
  /** `stdout`, a file's path, or null: no access log. */
  readonly accessLog: string | null;
  /** Of one gRPC message. */
  readonly maxRequestBytes: number;
  /** Of one OpenAI request's body. */
  readonly maxOpenAiBytes: number;
  readonly version: string;
}

// Never believed from outside; Envoy itself strips x-envoy-*. The admin headers open Triton's restricted methods.
const stripped = [
  'x-stowage-tenant',
  'x-stowage-scope',
  'x-stowage-openai',
  'x-stowage-unsure',
  'x-stowage-admin',
  mirrorHeader,
  listerHeader,
  'triton-grpc-protocol-x-stowage-admin',
];

const stripping = {
  name: 'envoy.http.early_header_mutation.header_mutation',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
    mutations: stripped.map((remove) => ({ remove })),
  },
};

/** Waited for without end: an Envoy without routes must not answer, and 404 least of all. */
export const fromMeshd = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

const unknownModel = '{"error":"unknown model"}';

/** The listener of the REST protocols: Open Inference Protocol v2, KServe v1, OpenAI. */
export function restListener(listen: Listen, options: ListenerOptions): object {
  const { authentication, openTenant, maxOpenAiBytes, version } = options;
  const own = lua('stowage.names', restScript(authentication === null ? openTenant : null, maxOpenAiBytes));
  const fragment = { name: ':path', element_separator: '/', index: 3 };
  return listener('rest', listen, options, fragment, meshAnswers(version), [
    ...authenticationFilters(authentication),
    unless(plainPaths(authentication === null ? openTenant : null), own),
  ]);
}

/** The listener of the gRPC inference service. */
export function grpcListener(listen: Listen, options: ListenerOptions): object {
  const { authentication, openTenant } = options;
  return listener(
    'grpc',
    listen,
    options,
    { name: 'x-stowage-scope', index: 0 },
    [],
    [
      ...authenticationFilters(authentication),
      lua('stowage.names', grpcScript(authentication === null ? openTenant : null)),
      unsure(),
    ],
  );
}

const unsure = (): object =>
  unless({ not_matcher: headerIs('x-stowage-unsure', { exact: '1' }) }, lua('stowage.names', grpcUnsureScript));

/**
 * Inside Envoy alone: they take copies of requests that the listeners above have let through, for the model that a header
 * names, and look it up for the same tenant.
 */
export function mirrorListeners(options: ListenerOptions): readonly object[] {
  const tenant = options.authentication === null ? options.openTenant : null;
  const path = { name: ':path', element_separator: '/', index: 3 };
  const scope = { name: 'x-stowage-scope', index: 0 };
  const rest = lua('stowage.names', restMirrorScript(tenant, options.maxOpenAiBytes));
  const grpc = lua('stowage.names', grpcMirrorScript(tenant));
  return [
    listener('rest', null, options, path, [], [rest]),
    listener('grpc', null, options, scope, [], [grpc, unsure()]),
  ];
}

function listener(
  kind: 'rest' | 'grpc',
  listen: Listen | null,
  options: ListenerOptions,
  nameFragment: object,
  answers: readonly object[],
  filters: readonly object[],
): object {
  const fragments = [
    ...(options.authentication === null ? [] : [{ header_value_extractor: { name: 'x-stowage-tenant', index: 0 } }]),
    { header_value_extractor: nameFragment },
  ];
  // What may be held of one request is, in HTTP/2, the stream's window.
  const held = Math.max(1024 * 1024, kind === 'grpc' ? options.maxRequestBytes : options.maxOpenAiBytes + 1024);
  return {
    ...(listen === null
      ? { name: mirrorClusters[kind], internal_listener: {} }
      : {
          name: `stowage-${kind}`,
          address: { socket_address: { address: listen.address, port_value: listen.port } },
        }),
    per_connection_buffer_limit_bytes: held,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              stat_prefix: listen === null ? `mirror-${kind}` : kind,
              codec_type: 'AUTO',
              use_remote_address: listen !== null,
              generate_request_id: false,
              server_header_transformation: 'PASS_THROUGH',
              // One spelling of a path for the scope, the route and the model server.
              normalize_path: true,
              merge_slashes: true,
              path_with_escaped_slashes_action: 'REJECT_REQUEST',
              common_http_protocol_options: {
                headers_with_underscores_action: 'DROP_HEADER',
                idle_timeout: '3600s',
              },
              http2_protocol_options: {
                max_concurrent_streams: 1000,
                initial_stream_window_size: held,
                initial_connection_window_size: Math.max(held, 16 * 1024 * 1024),
              },
              stream_idle_timeout: '600s',
              request_headers_timeout: '30s',
              ...(listen === null ? {} : { early_header_mutation_extensions: [stripping] }),
              scoped_routes: {
                name: 'stowage',
                scope_key_builder: { fragments },
                rds_config_source: fromMeshd,
                scoped_rds: { scoped_rds_config_source: fromMeshd },
              },
              http_filters: [
                ...filters,
                {
                  name: 'envoy.filters.http.router',
                  typed_config: {
                    '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                    suppress_envoy_headers: true,
                  },
                },
              ],
              // An unknown model, another tenant's model and a method that is not served answer alike.
              local_reply_config: {
                mappers: [
                  ...answers,
                  reply('NR', unknownModel),
                  // Known, but no pod holds it just now.
                  reply('UH', '{"error":"the model is not up"}'),
                ],
              },
              ...(options.accessLog === null ? {} : { access_log: [accessLog(options.accessLog, listen === null)] }),
            },
          },
        ],
      },
    ],
  };
}

const jsonBody = (text: string): object => ({
  body: { inline_string: text },
  body_format_override: {
    text_format_source: { inline_string: '%LOCAL_REPLY_BODY%' },
    content_type: 'application/json',
  },
});

const reply = (flag: string, body: string): object => ({
  filter: { response_flag_filter: { flags: [flag] } },
  ...jsonBody(body),
});

function lua(name: string, script: string): { name: string; typed_config: object } {
  return {
    name,
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: { inline_string: script },
    },
  };
}

const headerIs = (header_name: string, value_match: object): object => ({
  single_predicate: {
    input: {
      name: 'header',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
        header_name,
      },
    },
    value_match,
  },
});

/**
 * Paths whose fourth segment is a scope's name as it stands: `name`, and for other than the open tenant `tenant~name`.
 * Not those whose answers stream: Lua lifts their timeout.
 */
function plainPaths(openTenant: string | null): object {
  const name = openTenant === null ? '[^/~]+' : '[^/~]+(~[^/~]+)?';
  const regex = `/v2/models/${name}(/(infer|ready|generate))?|/v1/models/${name.replaceAll('~]', '~:]')}`;
  const plain = headerIs(':path', { safe_regex: { google_re2: {}, regex } });
  if (openTenant === null) return plain;
  const own = ['v1', 'v2'].map((api) => headerIs(':path', { prefix: `/${api}/models/${openTenant}~` }));
  return { and_matcher: { predicate: [plain, { not_matcher: { or_matcher: { predicate: own } } }] } };
}

// A Lua filter costs more than all the rest of a request: skipped natively unless the path needs it.
function unless(predicate: object, filter: { name: string; typed_config: object }): object {
  const action = {
    name: 'skip',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter' },
  };
  return {
    name: filter.name,
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher',
      extension_config: filter,
      xds_matcher: { matcher_list: { matchers: [{ predicate, on_match: { action } }] } },
    },
  };
}

/**
 * What the mesh says of itself: model servers answer these with empty bodies, which some clients cannot read.
 * No route leads there, so Envoy answers by itself, and that answer is changed: at no cost to other requests.
 */
function meshAnswers(version: string): readonly object[] {
  const header = (name: string, regex: string) => ({
    header_filter: { header: { name, string_match: { safe_regex: { regex } } } },
  });
  return [
    ['/v2/health/live/?', { live: true }],
    ['/v2/health/ready/?', { ready: true }],
    ['/v2/?', { name: 'stowage', version, extensions: [] }],
  ].map(([path, body]) => ({
    filter: { and_filter: { filters: [header(':path', `${path}(\\?.*)?`), header(':method', 'GET|HEAD')] } },
    status_code: 200,
    ...jsonBody(JSON.stringify(body)),
  }));
}
