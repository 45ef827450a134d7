/** Copies of requests to a second model, by listeners inside Envoy that look the model up as any other. */

/** Names the model, by its served name; never believed from outside. */
export const mirrorHeader = 'x-stowage-mirror';

export const mirrorClusters = { rest: 'stowage-mirror-rest', grpc: 'stowage-mirror-grpc' } as const;

/** Of a route: says in the copy which model it is for. The model that answers sees it, too. */
export const mirrored = (served: string): object => ({
  request_headers_to_add: [
    { header: { key: mirrorHeader, value: served }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
  ],
});

export const mirrorPolicy = (protocol: string, shareMicro: number): object => ({
  cluster: protocol === 'v2-grpc' ? mirrorClusters.grpc : mirrorClusters.rest,
  runtime_fraction: { default_value: { numerator: shareMicro, denominator: 'MILLION' } },
  trace_sampled: { value: false },
  disable_shadow_host_suffix_append: true,
});
