/** The parts of Kubernetes' objects that the node agent reads; volumes, sources and fields that it does not know it refuses. */

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
}

export interface HttpGet {
  readonly path?: string;
  readonly port: number | string;
}

export interface Probe {
  readonly httpGet?: HttpGet;
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly httpGet?: HttpGet } };
}

export interface KeyToPath {
  readonly key: string;
  readonly path: string;
}

export interface ConfigMapSource {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

export interface ProjectedSource {
  readonly configMap?: ConfigMapSource;
  readonly serviceAccountToken?: { readonly path: string; readonly expirationSeconds?: number };
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
  };
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly configMap?: ConfigMapSource;
  readonly projected?: { readonly sources: readonly ProjectedSource[] };
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime: string;
  readonly reason?: string;
}

export interface Pod {
  readonly metadata: Metadata;
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly restartPolicy?: string;
    readonly terminationGracePeriodSeconds?: number;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly Volume[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

/** What the test's images are: how a container's command runs on this machine. */
export interface LocalCommand {
  readonly argv: readonly [string, ...string[]];
  /** Beside what the container's own `env` says, and before it. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command may depend on. Paths in `argv` and `env` that begin with a mount's are the volume's own already. */
export interface CommandContext {
  readonly pod: Pod;
  readonly container: Container;
  readonly address: string;
  readonly argv: readonly string[];
  /** The folder behind a path of the container. */
  hostPath(path: string): string;
  /** The pod's own, for what its image would hold. */
  readonly folder: string;
}

export type Images = (context: CommandContext) => LocalCommand | Promise<LocalCommand>;
