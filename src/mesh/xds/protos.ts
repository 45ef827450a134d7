import { dirname, join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';

/** Names of the Envoy messages that meshd writes. */
export type MessageName =
  | 'envoy.config.cluster.v3.Cluster'
  | 'envoy.config.endpoint.v3.ClusterLoadAssignment'
  | 'envoy.config.route.v3.RouteConfiguration'
  | 'envoy.config.route.v3.ScopedRouteConfiguration'
  | 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  | 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';

/** A protobuf Any. */
export interface Any {
  readonly type_url: string;
  readonly value: Buffer;
}

interface Protos {
  readonly ads: ServiceDefinition;
  encode(message: MessageName, value: object): Any;
  serializeResponse(value: object): Buffer;
}

const files = [
  'envoy/service/discovery/v3/ads.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/config/route/v3/scoped_route.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
];

let loaded: Protos | null = null;

/** Envoy's messages out of the package that carries them; read once, at first use (about half a second). */
export function protos(): Protos {
  if (loaded !== null) return loaded;
  const { loadSync } = require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
  const deps = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
  const definitions = loadSync(files, {
    keepCase: true,
    longs: Number,
    enums: String,
    includeDirs: ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => join(deps, name)),
  });
  const serializer = (message: string): ((value: object) => Buffer) => {
    const definition = definitions[message];
    if (definition === undefined || !('serialize' in definition)) throw new TypeError(`no message ${message}`);
    return definition.serialize as (value: object) => Buffer;
  };
  loaded = {
    ads: definitions['envoy.service.discovery.v3.AggregatedDiscoveryService'] as unknown as ServiceDefinition,
    encode: (message, value) => ({
      type_url: `type.googleapis.com/${message}`,
      value: serializer(message)(value),
    }),
    serializeResponse: serializer('envoy.service.discovery.v3.DeltaDiscoveryResponse'),
  };
  return loaded;
}
