/** A plain Kubernetes object: the one form between planning and Pulumi, cdk8s or YAML. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Objects of one shard (`shard` is its id) or of the fleet (`shard` is null), in the order to apply them. */
export interface RenderedGroup {
  readonly shard: string | null;
  readonly objects: readonly KubernetesObject[];
}
