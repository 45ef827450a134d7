/**
 * What the control side of meshd wants Envoy to do: the one thing that `control/` hands to `xds/`. From one state to the
 * next, what has not changed is the same object.
 */
export interface RouteState {
  /** Sorted by tenant, then name; unique by both. */
  readonly routes: readonly ModelRoute[];
  /** Groups of pods, sorted by name; every route's is here. */
  readonly shards: readonly ShardEndpoints[];
}

/**
 * Where one name leads. Other spellings of the same (with the tenant, with a version) come to it in Envoy: see
 * `control/name-index.ts`.
 */
export interface ModelRoute {
  readonly tenant: string;
  /** As Envoy looks it up: a model's name (`tenant~name` of other tenants than the open one), or a served name. */
  readonly name: string;
  /** What the model server calls it. */
  readonly served: string;
  /** One of the state's `shards`. */
  readonly shard: string;
  /** On-demand models go to the agent's proxy port, which loads them at first use. */
  readonly residency: 'resident' | 'on-demand';
  readonly timeoutMs: number;
  /**
   * An alias that leads to several versions: two and more, of which the fields above say the first, and all of whose shares
   * are above 0 and sum up to 1,000,000. Absent: all requests go where the fields above say.
   */
  readonly split?: readonly RouteShare[];
  /** A model of the same tenant that gets copies of requests; absent: none does. */
  readonly mirror?: { readonly served: string; readonly shareMicro: number };
}

/** What an alias leads to for some of the requests. */
export interface RouteShare extends Pick<ModelRoute, 'served' | 'shard' | 'residency' | 'timeoutMs'> {
  /** In millionths. */
  readonly shareMicro: number;
}

export interface ShardEndpoints {
  /**
   * A group's name: a shard's id; or `id@pod` for models that only that pod of the shard holds for now; or, for models of
   * several shards, `id+2.hash` (the first, how many others, a hash of all); or `@none`, without pods, for models that are
   * declared and not up anywhere.
   */
  readonly shard: string;
  readonly protocols: readonly ('v2-rest' | 'v2-grpc' | 'v1-rest' | 'openai')[];
  /** Sorted by pod; only pods that hold all that is routed to the group. */
  readonly pods: readonly PodEndpoint[];
}

export interface PodEndpoint {
  readonly pod: string;
  /** The shard that it is a pod of. */
  readonly shard: string;
  /** IPv4 or IPv6 address. */
  readonly address: string;
  readonly http: number;
  readonly grpc: number | null;
  /** The agent's proxy port for on-demand models. */
  readonly proxy: number;
  readonly zone: string | null;
}

export interface RouteSink {
  /** Pushes the state; resolves when Envoy has acknowledged all of it, rejects with Envoy's reason when it refuses. */
  apply(state: RouteState): Promise<void>;
}
