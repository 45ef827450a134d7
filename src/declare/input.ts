import type { Enforcement, IsolationLevel, Residency, RuntimeAdapter, ServingRuntime, SizeProvenance } from './fleet';

/** A Kubernetes quantity: `16Gi`, `500m`, `1.5`; a number counts bytes or cores. */
export type Quantity = string | number;

/** What a user writes, in TypeScript, YAML or JSON. */
export interface FleetInput {
  /** DNS label of at most 40 characters: prefix of every object's name. */
  name: string;
  /** @default the fleet's name */
  namespace?: string | undefined;
  pools: readonly PoolInput[];
  /** Runtimes of your own, or built-in ones changed by `extends`. */
  runtimes?: readonly RuntimeInput[] | undefined;
  /** Tenants that are not `shared`; a tenant that only models name is `shared`. */
  tenants?: readonly TenantInput[] | undefined;
  models?: readonly ModelInput[] | undefined;
  /** Names that lead to versions of models by weight. */
  aliases?: readonly AliasInput[] | undefined;
  /** Files with models (YAML, JSON, JSONL, CSV), as globs relative to the fleet's file. */
  catalogues?: readonly string[] | undefined;
  budgets?: BudgetsInput | undefined;
  packing?: PackingInput | undefined;
  mesh?: MeshInput | undefined;
  baseline?: BaselineInput | undefined;
}

/** A fleet without its models, which are checked one by one. */
export type FleetHead = Omit<FleetInput, 'models' | 'catalogues'>;

/** A kind of node. */
export interface PoolInput {
  name: string;
  /** Absent: a CPU-only pool. */
  accelerator?: AcceleratorInput | undefined;
  /** Allocatable of one node. */
  cpu: Quantity;
  memory: Quantity;
  /** @default 200Gi */
  disk?: Quantity | undefined;
  /** Kubelet's limit. @default 110 */
  maxPods?: number | undefined;
  /** Pods that the cluster itself runs on each node. @default 10 */
  systemPods?: number | undefined;
  /** Pod IPs that a node can hand out. @default no limit but maxPods */
  ipsPerNode?: number | undefined;
  /** Shard pods a node. @default one an accelerator; 4 on CPU-only pools */
  podsPerNode?: number | undefined;
  /** @default 0 */
  minNodes?: number | undefined;
  /** @default no limit */
  maxNodes?: number | undefined;
  /** Dollars. @default 0 */
  pricePerNodeHour?: number | undefined;
  /** Throughput against the reference that models' loads are stated for. @default 1 */
  speed?: number | undefined;
  zones?: readonly string[] | undefined;
  /** @default { 'stowage.dev/pool': name } */
  nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** @default the accelerator's usual taint, on pools with one */
  tolerations?: readonly TolerationInput[] | undefined;
}

export interface TolerationInput {
  key?: string | undefined;
  operator?: 'Exists' | 'Equal' | undefined;
  value?: string | undefined;
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | undefined;
}

export interface AcceleratorInput {
  kind: string;
  /** Of one accelerator, or of one slice where `mig` is set. */
  memory: Quantity;
  /** Accelerators (or slices) a node. @default 1 */
  perNode?: number | undefined;
  /** MIG profile: `1g.10gb`. */
  mig?: string | undefined;
  /** @default nvidia.com/gpu, or nvidia.com/mig-<profile> */
  resourceName?: string | undefined;
}

export interface TenantInput {
  name: string;
  /** @default shared */
  isolation?: IsolationLevel | undefined;
  /** Tenants of one group may share among themselves. @default the tenant's name */
  group?: string | undefined;
}

/** A named, versioned artifact. Footprint and load may also stand flat, which suits CSV and JSONL. */
export interface ModelInput extends FootprintInput, LoadInput {
  name: string;
  /** @default 1 */
  version?: string | undefined;
  /** @default default */
  tenant?: string | undefined;
  /** `onnx`, `sklearn`, `lora`...: what a runtime can load. */
  format: string;
  /** @default the only runtime that can load the format */
  runtime?: string | undefined;
  /** Base model of an adapter. */
  base?: string | undefined;
  storageUri: string;
  footprint?: FootprintInput | undefined;
  load?: LoadInput | undefined;
  /** Least number of copies. @default 1 */
  replicas?: number | undefined;
  /** @default resident */
  residency?: Residency | undefined;
  /** 0 to 1000. @default 500 */
  priority?: number | undefined;
  /** Pools it may run on. @default all that suit its runtime */
  pools?: readonly string[] | undefined;
  /** Accelerator kinds it may run on. */
  accelerators?: readonly string[] | undefined;
  zones?: readonly string[] | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  /** `key=value` labels of models that it must not share a pod with. */
  neverWith?: readonly string[] | undefined;
  /** How long a request may take. @default what the router allows any: 60 */
  timeoutSeconds?: number | undefined;
}

/** A name that clients of one tenant may ask for like a model's. To change it moves no model. */
export interface AliasInput {
  name: string;
  /** @default default */
  tenant?: string | undefined;
  targets: readonly AliasTargetInput[];
  /** A version that gets copies of requests, whose answers are dropped. */
  mirror?:
    | {
        /** As in targets. */
        model: string;
        /** Share of the alias's requests. @default 1 */
        share?: number | undefined;
      }
    | undefined;
  /** @default each target's own */
  timeoutSeconds?: number | undefined;
}

export interface AliasTargetInput {
  /** `name@version`, or the name alone where it has one version; of the alias's tenant. */
  model: string;
  /** Its share of the requests, against the sum of all weights. @default 1 */
  weight?: number | undefined;
}

export interface FootprintInput {
  /** What one loaded copy takes of an accelerator's memory. @default 0 */
  gpuMemory?: Quantity | undefined;
  /** Host memory. @default estimated: 64Mi, or `disk` where only that is given, plus 25% */
  memory?: Quantity | undefined;
  /** Size of its files. @default the larger of the two above */
  disk?: Quantity | undefined;
  /** @default declared where gpuMemory or memory is given, else estimated */
  provenance?: SizeProvenance | undefined;
  /** Factor on the sizes. @default 1.25 where estimated, else 1 */
  margin?: number | undefined;
}

export interface LoadInput {
  /** Of the whole model. @default 0 */
  requestsPerSecond?: number | undefined;
  /** Of one request on the reference accelerator. */
  gpuSecondsPerRequest?: number | undefined;
  /** Requests a second that one reference accelerator does: the inverse of gpuSecondsPerRequest. */
  throughputPerSecond?: number | undefined;
  /** @default 0 */
  cpuSecondsPerRequest?: number | undefined;
}

export type LimitInput<T> = T | { limit: T; enforcement?: Enforcement | undefined };

/** Each `hard` unless it says `warn`. */
export interface BudgetsInput {
  pods?: LimitInput<number> | undefined;
  ips?: LimitInput<number> | undefined;
  nodes?: LimitInput<number> | undefined;
  /** By accelerator kind. */
  gpus?: Readonly<Record<string, LimitInput<number>>> | undefined;
  cpu?: LimitInput<Quantity> | undefined;
  memory?: LimitInput<Quantity> | undefined;
  /** Dollars. */
  costPerHour?: LimitInput<number> | undefined;
  modelsPerShard?: LimitInput<number> | undefined;
  /** Different sets of shards that models have their copies in. */
  replicaSets?: LimitInput<number> | undefined;
  moves?: LimitInput<number> | undefined;
  moveBytes?: LimitInput<Quantity> | undefined;
}

export interface PackingInput {
  /**
   * `copies`: shards of one pod, each copy of a model in any of them. `equal`: shards of equal pods; dearer, but its pods
   * roll without a spare one. @default copies
   */
  layout?: 'copies' | 'equal' | undefined;
  /** Share of a pod's accelerator and CPU time that is filled. @default 0.7 */
  utilizationTarget?: number | undefined;
  /** Accelerator memory that each pod keeps free. @default 512Mi */
  acceleratorReserve?: Quantity | undefined;
  onDemand?: OnDemandInput | undefined;
}

/** Room for models of residency `on-demand`: sized from their requests. */
export interface OnDemandInput {
  /** Share of requests that may find their model not loaded. @default 0.01 */
  targetColdStartRate?: number | undefined;
  /**
   * Of which requests: those to the on-demand models that may share a pod, or all requests to the fleet.
   * @default their-requests
   */
  of?: 'their-requests' | 'all-requests' | undefined;
  /** Bytes a second at which a pod fetches model files. @default 256Mi */
  loadBandwidth?: Quantity | undefined;
  /** Models kept together behind one pod's room, where there are as many. @default 100 */
  leastModels?: number | undefined;
}

export interface MeshInput {
  router?:
    | {
        replicas?: number | undefined;
        maxReplicas?: number | undefined;
        image?: string | undefined;
        cpu?: Quantity | undefined;
        memory?: Quantity | undefined;
        envoy?: { cpu?: Quantity | undefined; memory?: Quantity | undefined } | undefined;
      }
    | undefined;
  agent?:
    | {
        image?: string | undefined;
        cpu?: Quantity | undefined;
        memory?: Quantity | undefined;
        /** How long models that cannot be loaded keep a new pod from being ready; 0: not at all. @default 1800 */
        readyHoldSeconds?: number | undefined;
        /** How long a request for an on-demand model waits for room before it is refused, up to 60. @default 5 */
        roomWaitSeconds?: number | undefined;
      }
    | undefined;
  /** Render a dashboard that Grafana's sidecar finds. @default false */
  dashboard?: boolean | undefined;
  /** @default ClusterIP */
  serviceType?: 'ClusterIP' | 'LoadBalancer' | 'NodePort' | undefined;
  /** Gateway API parent of an HTTPRoute to render. */
  gateway?: { name: string; namespace: string; hostnames?: readonly string[] | undefined } | undefined;
  /** Secret with the agent's storage credentials. */
  storageSecretName?: string | undefined;
  /** Namespaces that may call the router. @default all */
  clientNamespaces?: readonly string[] | undefined;
}

/** What one server a model would cost; KServe's figures unless given. */
export interface BaselineInput {
  /** @default 1 */
  podsPerReplica?: number | undefined;
  /** @default 500m */
  sidecarCpu?: Quantity | undefined;
  /** @default 500M */
  sidecarMemory?: Quantity | undefined;
  /** @default 1 */
  minReplicas?: number | undefined;
}

/** A runtime of your own, or a built-in one with changes. Without `extends` adapter, image and formats are needed. */
export interface RuntimeInput {
  name: string;
  extends?: string | undefined;
  adapter?: RuntimeAdapter | undefined;
  image?: string | undefined;
  command?: readonly string[] | undefined;
  args?: readonly string[] | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  ports?: { http: number; grpc?: number | undefined; metrics?: number | undefined } | undefined;
  livenessPath?: string | undefined;
  startupSeconds?: number | undefined;
  /** To load a model whose files are there already. @default 1 */
  loadSeconds?: number | undefined;
  /** What the server takes with no model loaded. */
  baseFootprint?:
    | {
        cpu?: Quantity | undefined;
        memory?: Quantity | undefined;
        gpuMemory?: Quantity | undefined;
        disk?: Quantity | undefined;
      }
    | undefined;
  perModelMemory?: Quantity | undefined;
  sharedMemory?: { base?: Quantity | undefined; perModel?: Quantity | undefined } | undefined;
  formats?: readonly string[] | undefined;
  accelerator?: ServingRuntime['accelerator'] | undefined;
  maxModelsPerPod?: number | undefined;
  repository?: { path?: string | undefined; layout?: ServingRuntime['repository']['layout'] | undefined } | undefined;
  protocols?: readonly ServingRuntime['protocols'][number][] | undefined;
  /** Base models of adapters; a pod serves one. */
  baseModels?:
    | readonly {
        name: string;
        storageUri: string;
        gpuMemory: Quantity;
        memory?: Quantity | undefined;
        disk?: Quantity | undefined;
      }[]
    | undefined;
  runAsUser?: number | undefined;
}
