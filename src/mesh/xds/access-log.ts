/** JSON lines to `stdout` or a file. `copies`: of a listener that only takes copies of requests. */
export function accessLog(path: string, copies: boolean): object {
  const stdout = path === 'stdout';
  const kind = stdout ? 'stream.v3.StdoutAccessLog' : 'file.v3.FileAccessLog';
  return {
    name: `envoy.access_loggers.${stdout ? 'stdout' : 'file'}`,
    typed_config: {
      '@type': `type.googleapis.com/envoy.extensions.access_loggers.${kind}`,
      ...(stdout ? {} : { path }),
      log_format: {
        json_format: {
          time: '%START_TIME%',
          tenant: '%REQ(x-stowage-tenant)%',
          // REST: the path as rewritten, with the served name. gRPC: the scope, named as in `RouteState`.
          path: '%REQ(:path)%',
          model: '%REQ(x-stowage-scope)%',
          method: '%REQ(:method)%',
          shard: '%UPSTREAM_METADATA(stowage:shard)%',
          cluster: '%UPSTREAM_CLUSTER%',
          pod: '%UPSTREAM_HOST_NAME%',
          status: '%RESPONSE_CODE%',
          grpcStatus: '%GRPC_STATUS_NUMBER%',
          flags: '%RESPONSE_FLAGS%',
          bytesIn: '%BYTES_RECEIVED%',
          bytesOut: '%BYTES_SENT%',
          milliseconds: '%DURATION%',
          upstreamMilliseconds: '%REQUEST_TX_DURATION%',
          attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
          traceparent: '%REQ(traceparent)%',
          // Of copies of requests, whose answers are dropped.
          ...(copies ? { mirror: true } : {}),
        },
      },
    },
  };
}
