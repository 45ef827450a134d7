import type { Any, MessageName } from '../../src/mesh/xds/protos';
import { protos } from '../../src/mesh/xds/protos';
import { modelName, podAddress } from './topology';

/**
 * The shape that Seldon Core 2 is known for: two clusters a model (HTTP and gRPC), and two routes a model in one route
 * table, found one after the other by the header `seldon-model`. Written from that description alone.
 */
export const routeTable = 'models';

const clusterOf = (model: number, kind: Kind): string => `${modelName(model)}/${kind}`;
type Kind = 'http' | 'grpc';
const kinds: readonly Kind[] = ['http', 'grpc'];

const encode = (message: MessageName, value: object): Any => protos().encode(message, value);

/** The clusters of a model, by name. */
export function clustersOf(model: number): readonly (readonly [string, Any])[] {
  return kinds.map((kind) => {
    const name = clusterOf(model, kind);
    const options = encode('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
      common_http_protocol_options: { idle_timeout: { seconds: 4 } },
      explicit_http_config: kind === 'grpc' ? { http2_protocol_options: {} } : { http_protocol_options: {} },
    });
    const cluster = encode('envoy.config.cluster.v3.Cluster', {
      name,
      type: 'EDS',
      eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
      connect_timeout: { seconds: 2 },
      lb_policy: 'LEAST_REQUEST',
      typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
    });
    return [name, cluster];
  });
}

/** The endpoints of a model's clusters, by name: one pod. */
export function endpointsOf(model: number, pod: number, port: number): readonly (readonly [string, Any])[] {
  const address = { socket_address: { address: podAddress(pod), port_value: port } };
  return kinds.map((kind) => {
    const cluster_name = clusterOf(model, kind);
    const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
    return [cluster_name, encode('envoy.config.endpoint.v3.ClusterLoadAssignment', { cluster_name, endpoints })];
  });
}

/** The one route table, with two routes a model. */
export function routesOf(models: number): Any {
  const prefixes = { http: '/v2', grpc: '/inference.GRPCInferenceService/' };
  const routes = Array.from({ length: models }, (_, model) =>
    kinds.map((kind) => ({
      match: {
        prefix: prefixes[kind],
        headers: [{ name: 'seldon-model', string_match: { exact: modelName(model) } }],
      },
      route: { cluster: clusterOf(model, kind), timeout: { seconds: 30 } },
    })),
  ).flat();
  return encode('envoy.config.route.v3.RouteConfiguration', {
    name: routeTable,
    virtual_hosts: [{ name: routeTable, domains: ['*'], routes }],
  });
}
