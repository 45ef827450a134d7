/**
 * The fleet after validation: plain readonly data in base units, sorted by name in code point order.
 * Everything downstream (pack, plan, render) reads these types only; how a user writes them is `schema.ts`.
 *
 * Units: bytes, milli-cores, micro-dollars an hour; one accelerator-second a second of duty is 1,000,000 (micro-duty).
 * All of them are safe integers, so that sums are exact and the same on any machine.
 */

/** Where in the user's input something stands; `path` is like `models[3].replicas`. */
export interface SourceLocation {
  readonly file?: string;
  readonly line?: number;
  readonly path?: string;
}

export interface Fleet {
  /** DNS label of at most 40 characters; prefix of every object's name. */
  readonly name: string;
  readonly namespace: string;
  readonly pools: readonly Pool[];
  /** The runtimes that the models use, resolved from the catalogue and the user's own. */
  readonly runtimes: readonly ServingRuntime[];
  readonly tenants: readonly Tenant[];
  /** Sorted by {@link Model.key}; keys are unique. */
  readonly models: readonly Model[];
  /** Sorted by {@link Alias.key}; keys are unique, and none is a model's tenant and name. */
  readonly aliases: readonly Alias[];
  readonly budgets: Budgets;
  readonly packing: PackingOptions;
  readonly mesh: MeshOptions;
  readonly baseline: BaselineOptions;
}

export interface Accelerator {
  /** For example `L4`, `H100`. GPU budgets count by this kind. */
  readonly kind: string;
  /** Memory of one accelerator, or of one slice where `mig` is set. */
  readonly memoryBytes: number;
  /** Schedulable accelerators (or slices) a node. */
  readonly perNode: number;
  /** MIG profile such as `1g.10gb`. */
  readonly mig: string | null;
  /** Extended resource that a pod asks one of: `nvidia.com/gpu`, `nvidia.com/mig-1g.10gb`, `amd.com/gpu`. */
  readonly resourceName: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** A kind of node. One shard pod takes one accelerator (or slice), or one CPU pod slot. */
export interface Pool {
  readonly name: string;
  readonly accelerator: Accelerator | null;
  /** Allocatable of a node. */
  readonly nodeCpuMillis: number;
  readonly nodeMemoryBytes: number;
  readonly nodeDiskBytes: number;
  /** Kubelet's limit (110) and the pods that the cluster itself runs on each node (10). */
  readonly maxPods: number;
  readonly systemPods: number;
  /** Pod IPs that a node can hand out; null: no limit but `maxPods`. */
  readonly ipsPerNode: number | null;
  /** Shard pods a node: given or derived; already within accelerators, maxPods - systemPods and ipsPerNode. */
  readonly podsPerNode: number;
  readonly minNodes: number;
  /** null: no limit. */
  readonly maxNodes: number | null;
  readonly nodePriceMicrosPerHour: number;
  /** round(nodePriceMicrosPerHour / podsPerNode): the packer's price of one pod. */
  readonly podPriceMicrosPerHour: number;
  /** Throughput against the reference accelerator (or CPU) that models' loads are stated for, in thousandths. */
  readonly speedMilli: number;
  readonly zones: readonly string[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
}

export type IsolationLevel = 'shared' | 'process' | 'node';

export interface Tenant {
  readonly name: string;
  /** `process`: its shards serve nobody else. `node`: its nodes, too. */
  readonly isolation: IsolationLevel;
  /** Tenants of one group may share: the tenant's own name unless given; `shared` at level `shared`. */
  readonly group: string;
}

export type SizeProvenance = 'declared' | 'measured' | 'estimated';
export type Residency = 'resident' | 'on-demand';

export interface Footprint {
  /** What one loaded copy takes, margin included. */
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly provenance: SizeProvenance;
}

export interface Load {
  /** Of the whole model, all copies together, in thousandths of a request a second. */
  readonly requestsPerSecondMilli: number;
  /** The same in millionths: rare models are told apart by it. */
  readonly requestsPerSecondMicro: number;
  /** Accelerator-microseconds a second at reference speed, of the whole model. */
  readonly microDuty: number;
  /** CPU that the whole model's load takes. */
  readonly cpuMillis: number;
}

export interface Model {
  /** `tenant/name@version`: unique. */
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly tenant: string;
  readonly runtime: string;
  readonly format: string;
  /** Base model that an adapter (LoRA) needs; a pod serves adapters of one base. */
  readonly base: string | null;
  readonly storageUri: string;
  readonly footprint: Footprint;
  readonly load: Load;
  /** Least number of copies, on different pods. */
  readonly replicas: number;
  readonly residency: Residency;
  /** 0 to 1000, default 500: which goes first when room is short at run time. */
  readonly priority: number;
  /** Allowed pools, sorted, never empty: what constraints, accelerator kinds and the runtime leave. */
  readonly pools: readonly string[];
  /** Zones that its copies must be in; empty: any. */
  readonly zones: readonly string[];
  /** `key=value` labels of its own, and labels of models that it must not share a pod with. */
  readonly labels: Readonly<Record<string, string>>;
  readonly neverWith: readonly string[];
  readonly source: SourceLocation;
  /** How long a request may take; absent: as long as the router allows any. */
  readonly timeoutMs?: number;
  /** How many models it counts as, where it stands for several that are packed as one; absent: 1. */
  readonly countsAs?: number;
}

/** A name that clients ask for and that leads to versions by weight. Route data alone: no placement depends on it. */
export interface Alias {
  /** `tenant/name` */
  readonly key: string;
  readonly tenant: string;
  readonly name: string;
  /** Models of the same tenant, sorted by key; at least one weight is above 0. */
  readonly targets: readonly AliasTarget[];
  /** A model of the same tenant that gets copies of requests; its answers are dropped. */
  readonly mirror: AliasMirror | null;
  /** null: each target's own. */
  readonly timeoutMs: number | null;
  readonly source: SourceLocation;
}

export interface AliasTarget {
  /** Key of a model. */
  readonly model: string;
  /** Its requests are weight / sum of all weights. */
  readonly weight: number;
}

export interface AliasMirror {
  /** Key of a model. */
  readonly model: string;
  /** Share of the alias's requests, in millionths: 1 to 1,000,000. */
  readonly shareMicro: number;
}

export type RuntimeAdapter = 'triton' | 'mlserver' | 'vllm' | 'openvino';

export interface BaseModel {
  readonly name: string;
  readonly storageUri: string;
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** A model server that can load and unload models. */
export interface ServingRuntime {
  readonly name: string;
  readonly adapter: RuntimeAdapter;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ports: { readonly http: number; readonly grpc: number | null; readonly metrics: number | null };
  /** HTTP path that answers while models load (never one that turns false then). */
  readonly livenessPath: string;
  /** How long the server may take to start. */
  readonly startupSeconds: number;
  /** How long it takes to load a model whose files are there already. */
  readonly loadMillis: number;
  /** What the server takes with no model loaded. */
  readonly baseFootprint: {
    readonly cpuMillis: number;
    readonly memoryBytes: number;
    readonly acceleratorMemoryBytes: number;
    readonly diskBytes: number;
  };
  /** What each loaded model takes beyond its own footprint (process, shared memory). */
  readonly perModelMemoryBytes: number;
  /** `/dev/shm` is an in-memory volume: a fixed part and a part for each model; both count as host memory. */
  readonly sharedMemory: { readonly baseBytes: number; readonly perModelBytes: number };
  readonly formats: readonly string[];
  readonly accelerator: 'required' | 'optional' | 'none';
  readonly maxModelsPerPod: number | null;
  /** Where and how the agent lays models out for the server. */
  readonly repository: {
    readonly path: string;
    readonly layout: 'model-version-directories' | 'settings-file' | 'config-list' | 'adapters';
  };
  readonly protocols: readonly ('v2-rest' | 'v2-grpc' | 'v1-rest' | 'openai')[];
  readonly baseModels: readonly BaseModel[];
  readonly runAsUser: number;
}

export type Enforcement = 'hard' | 'warn';
export interface Limit {
  readonly limit: number;
  readonly enforcement: Enforcement;
}

/** Absent (null): unlimited. Pods, IPs, CPU and memory count the router's pods too. */
export interface Budgets {
  readonly pods: Limit | null;
  readonly ips: Limit | null;
  readonly nodes: Limit | null;
  /** By accelerator kind. */
  readonly gpus: Readonly<Record<string, Limit>>;
  readonly cpuMillis: Limit | null;
  readonly memoryBytes: Limit | null;
  readonly costMicrosPerHour: Limit | null;
  readonly modelsPerShard: Limit | null;
  /** Different sets of shards that some model has its copies in: the router has a cluster for each. */
  readonly replicaSets: Limit | null;
  /** Of one change against the lockfile. */
  readonly moves: Limit | null;
  readonly moveBytes: Limit | null;
}

/**
 * How a model of several copies is laid out. `copies`: shards of one pod, each copy in any that has no other copy of it.
 * `equal`: shards of as many equal pods as the models ask for.
 */
export type ReplicaLayout = 'copies' | 'equal';

export interface PackingOptions {
  readonly layout: ReplicaLayout;
  /** Share of an accelerator's (or a pod's CPU) time that the packer fills, in millionths: 700,000. */
  readonly utilizationTargetMicro: number;
  /** Accelerator memory a pod keeps free (fragmentation, workspace). */
  readonly acceleratorReserveBytes: number;
  readonly onDemand: OnDemandOptions;
}

/** How much room models get that are loaded at first use, and how long they take to load. */
export interface OnDemandOptions {
  /** Share of the requests that may find their model not loaded, in millionths. */
  readonly targetColdStartMicro: number;
  /** The requests that the share is of: those to on-demand models of the same sharing class, or the whole fleet's. */
  readonly targetOf: 'their-requests' | 'all-requests';
  /** At which a pod fetches model files. */
  readonly loadBytesPerSecond: number;
  /** Models that are kept together behind one pod's room, where there are as many: fewer fill it badly. */
  readonly leastModels: number;
}

export interface MeshOptions {
  readonly routerReplicas: number;
  readonly routerMaxReplicas: number;
  readonly routerImage: string;
  readonly routerCpuMillis: number;
  readonly routerMemoryBytes: number;
  readonly envoyCpuMillis: number;
  readonly envoyMemoryBytes: number;
  readonly agentImage: string;
  readonly agentCpuMillis: number;
  readonly agentMemoryBytes: number;
  /** How long failures keep a new pod from being ready; null: the agent's own default. */
  readonly agentReadyHoldSeconds: number | null;
  /** How long a request for an on-demand model waits for room; null: the agent's own default. */
  readonly agentRoomWaitSeconds: number | null;
  /** Is Grafana's dashboard rendered? */
  readonly dashboard: boolean;
  readonly serviceType: 'ClusterIP' | 'LoadBalancer' | 'NodePort';
  /** Gateway API parent to attach an HTTPRoute to; null: none rendered. */
  readonly gateway: { readonly name: string; readonly namespace: string; readonly hostnames: readonly string[] } | null;
  /** Secret whose keys become the agent's storage credentials; null: none. */
  readonly storageSecretName: string | null;
  /** Namespaces (by label `kubernetes.io/metadata.name`) that may call the router; empty: all. */
  readonly clientNamespaces: readonly string[];
}

/** One server a model, as the plan compares it: KServe's figures unless the user has own ones. */
export interface BaselineOptions {
  /** Pods that one replica brings (predictor; 2 with a transformer). */
  readonly podsPerReplica: number;
  /** Sidecar overhead a replica: 0.5 CPU and 0.5 GB. */
  readonly sidecarCpuMillis: number;
  readonly sidecarMemoryBytes: number;
  /** Least replicas that a server of its own would run with. */
  readonly minReplicas: number;
}
