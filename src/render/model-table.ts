import type { RuntimeAdapter, ServingRuntime } from '../declare/fleet';

/**
 * The model table: which models a shard's pods hold. Synthesis writes it into ConfigMaps; agent and meshd read it.
 * Its reference is `docs/reference/model-table.md`.
 */

/** A reader refuses a higher one. Fields and kinds of line that a reader does not know do not raise it. */
export const modelTableVersion = 1;

/** First line of each part. Nothing in it depends on the models. */
export interface ModelTableHeader {
  readonly tableVersion: typeof modelTableVersion;
  readonly fleet: string;
  readonly shard: string;
  /** Number of this part, as in the name of its ConfigMap. */
  readonly part: number;
  readonly runtime: ModelTableRuntime;
  /** Name of the base model that the pod's adapters (LoRA) need; null: none. */
  readonly base: string | null;
  /** What a pod has for models, in bytes: the agent admits no more than fits. */
  readonly capacity: ModelTableSize;
}

export interface ModelTableRuntime {
  readonly name: string;
  readonly adapter: RuntimeAdapter;
  readonly path: string;
  readonly layout: ServingRuntime['repository']['layout'];
  readonly ports: ServingRuntime['ports'];
  readonly protocols: ServingRuntime['protocols'];
}

export interface ModelTableSize {
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** One line a model. */
export interface ModelTableEntry {
  /** `tenant/name@version`: unique. */
  readonly model: string;
  readonly name: string;
  readonly version: string;
  readonly tenant: string;
  /** What the model server calls it: unique in the fleet, and one path segment without escapes. */
  readonly served: string;
  readonly format: string;
  readonly storageUri: string;
  readonly size: ModelTableSize & { readonly provenance: 'declared' | 'measured' | 'estimated' };
  /** Of the whole model: all copies, in whatever shards. */
  readonly load: {
    readonly requestsPerSecondMilli: number;
    readonly microDuty: number;
    readonly cpuMillis: number;
  };
  /** Least number of copies that it was declared with, over all shards that list it. */
  readonly replicas: number;
  readonly residency: 'resident' | 'on-demand';
  readonly priority: number;
  /** Absent where the model has none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How long a request may take; absent: as long as the router allows any. */
  readonly timeoutMs?: number;
}

/** All parts of a shard's table together. */
export interface ModelTable {
  readonly header: Omit<ModelTableHeader, 'part'>;
  /** Sorted by key. */
  readonly models: readonly ModelTableEntry[];
}

/**
 * Names are of letters, digits, "-", "_" and "."; "~" stands in none of them, in no server's reserved characters, and in
 * a URL as itself: so the three parts can be told apart, and two tenants' models of one name may share a server.
 */
export function servedName(model: {
  readonly tenant: string;
  readonly name: string;
  readonly version: string;
}): string {
  return `${model.tenant}~${model.name}~${model.version}`;
}

const text = { type: 'string', minLength: 1 } as const;
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const;
const portOrNone = { anyOf: [port, { type: 'null' }] } as const;

/** An object that readers take with more fields than these. */
const fields = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const size = { acceleratorMemoryBytes: count, memoryBytes: count, diskBytes: count };

/** JSON Schema (draft 2020-12) of one line of a part: the first is a header, the others are models or unknown. */
export function modelTableSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Stowage model table: one line of a part',
    description: 'Readers skip fields and kinds of line that they do not know, and refuse a higher tableVersion.',
    anyOf: [{ $ref: '#/$defs/Header' }, { $ref: '#/$defs/Model' }, { $ref: '#/$defs/Unknown' }],
    $defs: {
      Header: fields({
        tableVersion: { const: modelTableVersion },
        fleet: text,
        shard: text,
        part: count,
        runtime: fields({
          name: text,
          adapter: { enum: ['triton', 'mlserver', 'vllm', 'openvino'] },
          path: { type: 'string', pattern: '^/' },
          layout: { enum: ['model-version-directories', 'settings-file', 'config-list', 'adapters'] },
          ports: fields({ http: port, grpc: portOrNone, metrics: portOrNone }),
          protocols: { type: 'array', items: { enum: ['v2-rest', 'v2-grpc', 'v1-rest', 'openai'] } },
        }),
        base: { type: ['string', 'null'] },
        capacity: fields(size),
      }),
      Model: fields(
        {
          model: { type: 'string', pattern: '^[^/]+/[^/@]+@[^/@]+$' },
          name: text,
          version: text,
          tenant: text,
          served: text,
          format: text,
          storageUri: text,
          size: fields({ ...size, provenance: { enum: ['declared', 'measured', 'estimated'] } }),
          load: fields({ requestsPerSecondMilli: count, microDuty: count, cpuMillis: count }),
          replicas: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
          residency: { enum: ['resident', 'on-demand'] },
          priority: { type: 'integer', minimum: 0, maximum: 1000 },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          timeoutMs: { type: 'integer', minimum: 1, maximum: 86_400_000 },
        },
        ['labels', 'timeoutMs'],
      ),
      Unknown: {
        type: 'object',
        not: { anyOf: [{ required: ['tableVersion'] }, { required: ['model'] }] },
      },
    },
  };
}
