import { z } from 'zod';
import { identifierPattern, pairPattern } from './patterns';

/**
 * The shape of what users write. Meaning (quantities, references, fit) is checked afterwards. No public module may import
 * this one: its types are zod's, which older compilers cannot read.
 */

const quantity = z
  .union([z.string().max(64), z.number()])
  .meta({ id: 'Quantity', description: 'Kubernetes quantity: 16Gi, 500m, 1.5' });
const count = z.number().int().min(0).max(1_000_000_000);
const positive = z.number().int().min(1).max(1_000_000_000);
const amount = z.number().min(0).max(1e9);
const label = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS label: lower-case letters, digits and "-"')
  .max(63);
export const identifier = z
  .string()
  .max(128)
  .regex(identifierPattern, 'must be letters, digits, "-", "_" or ".", and begin and end with a letter or digit');
const text = z.string().min(1).max(4096);
const timeoutSeconds = z.number().min(0.001).max(86_400);
// A pattern, not startsWith: that one's JSON Schema has a format of zod's own.
const absolutePath = z.string().regex(/^\//, 'must begin with /');
const strings = z.record(z.string().max(317), z.string().max(4096));
const limit = <T extends z.ZodType>(value: T) =>
  z.union([value, z.strictObject({ limit: value, enforcement: z.enum(['hard', 'warn']).optional() })]);

const acceleratorSchema = z.strictObject({
  kind: identifier,
  memory: quantity,
  perNode: positive.max(64).optional(),
  mig: z
    .string()
    .regex(/^[1-9]g\.[0-9]{1,3}gb(\.me)?(\+me)?$/, 'must be a MIG profile such as 1g.10gb')
    .optional(),
  resourceName: z
    .string()
    .regex(/^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/, 'must be an extended resource such as nvidia.com/gpu')
    .optional(),
});

const poolSchema = z.strictObject({
  name: label,
  accelerator: acceleratorSchema.optional(),
  cpu: quantity,
  memory: quantity,
  disk: quantity.optional(),
  maxPods: positive.optional(),
  systemPods: count.optional(),
  ipsPerNode: positive.optional(),
  podsPerNode: positive.optional(),
  minNodes: count.optional(),
  maxNodes: count.optional(),
  pricePerNodeHour: amount.optional(),
  speed: z.number().min(0.001).max(10_000).optional(),
  zones: z.array(text).optional(),
  nodeSelector: strings.optional(),
  tolerations: z
    .array(
      z.strictObject({
        key: text.optional(),
        operator: z.enum(['Exists', 'Equal']).optional(),
        value: z.string().optional(),
        effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
      }),
    )
    .optional(),
});

const runtimeSchema = z.strictObject({
  name: label,
  extends: z.string().optional(),
  adapter: z.enum(['triton', 'mlserver', 'vllm', 'openvino']).optional(),
  image: text.optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: strings.optional(),
  ports: z
    .strictObject({
      http: positive.max(65535),
      grpc: positive.max(65535).optional(),
      metrics: positive.max(65535).optional(),
    })
    .optional(),
  livenessPath: absolutePath.optional(),
  startupSeconds: positive.max(86_400).optional(),
  loadSeconds: z.number().min(0).max(86_400).optional(),
  baseFootprint: z
    .strictObject({
      cpu: quantity.optional(),
      memory: quantity.optional(),
      gpuMemory: quantity.optional(),
      disk: quantity.optional(),
    })
    .optional(),
  perModelMemory: quantity.optional(),
  sharedMemory: z.strictObject({ base: quantity.optional(), perModel: quantity.optional() }).optional(),
  formats: z.array(text).min(1).optional(),
  accelerator: z.enum(['required', 'optional', 'none']).optional(),
  maxModelsPerPod: positive.optional(),
  repository: z
    .strictObject({
      path: absolutePath.optional(),
      layout: z.enum(['model-version-directories', 'settings-file', 'config-list', 'adapters']).optional(),
    })
    .optional(),
  protocols: z.array(z.enum(['v2-rest', 'v2-grpc', 'v1-rest', 'openai'])).optional(),
  baseModels: z
    .array(
      z.strictObject({
        name: identifier,
        storageUri: text,
        gpuMemory: quantity,
        memory: quantity.optional(),
        disk: quantity.optional(),
      }),
    )
    .optional(),
  runAsUser: positive.optional(),
});

const tenantSchema = z.strictObject({
  name: identifier,
  isolation: z.enum(['shared', 'process', 'node']).optional(),
  group: label.optional(),
});

const footprint = {
  gpuMemory: quantity.optional(),
  memory: quantity.optional(),
  disk: quantity.optional(),
  provenance: z.enum(['declared', 'measured', 'estimated']).optional(),
  margin: z.number().min(1).max(10).optional(),
};
const load = {
  requestsPerSecond: amount.optional(),
  gpuSecondsPerRequest: amount.optional(),
  throughputPerSecond: z.number().gt(0).max(1e9).optional(),
  cpuSecondsPerRequest: amount.optional(),
};

export const modelSchema = z
  .strictObject({
    name: identifier,
    version: identifier.optional(),
    tenant: identifier.optional(),
    format: text,
    runtime: z.string().optional(),
    base: z.string().optional(),
    storageUri: text,
    footprint: z.strictObject(footprint).optional(),
    load: z.strictObject(load).optional(),
    ...footprint,
    ...load,
    replicas: positive.max(64).optional(),
    residency: z.enum(['resident', 'on-demand']).optional(),
    priority: count.max(1000).optional(),
    pools: z.array(z.string()).optional(),
    accelerators: z.array(z.string()).optional(),
    zones: z.array(z.string()).optional(),
    labels: strings.optional(),
    neverWith: z.array(z.string().regex(pairPattern, 'must be key=value')).optional(),
    timeoutSeconds: timeoutSeconds.optional(),
  })
  .meta({ id: 'Model' });

const aliasSchema = z.strictObject({
  name: identifier,
  tenant: identifier.optional(),
  targets: z
    .array(z.strictObject({ model: text, weight: count.max(1_000_000).optional() }))
    .min(1)
    .max(16),
  mirror: z.strictObject({ model: text, share: z.number().min(0.000001).max(1).optional() }).optional(),
  timeoutSeconds: timeoutSeconds.optional(),
});

const replicaCount = positive.max(1000);
const budgetsSchema = z.strictObject({
  pods: limit(count).optional(),
  ips: limit(count).optional(),
  nodes: limit(count).optional(),
  gpus: z.record(z.string(), limit(count)).optional(),
  cpu: limit(quantity).optional(),
  memory: limit(quantity).optional(),
  costPerHour: limit(amount).optional(),
  modelsPerShard: limit(positive).optional(),
  replicaSets: limit(positive).optional(),
  moves: limit(count).optional(),
  moveBytes: limit(quantity).optional(),
});

/** A fleet without its models, which are checked one by one. */
export const fleetHeadSchema = z.strictObject({
  /** For editors; no meaning. */
  $schema: z.string().optional(),
  name: label.max(40),
  namespace: label.optional(),
  pools: z.array(poolSchema),
  runtimes: z.array(runtimeSchema).optional(),
  tenants: z.array(tenantSchema).optional(),
  aliases: z.array(aliasSchema).optional(),
  budgets: budgetsSchema.optional(),
  packing: z
    .strictObject({
      layout: z.enum(['copies', 'equal']).optional(),
      utilizationTarget: z.number().min(0.01).max(1).optional(),
      acceleratorReserve: quantity.optional(),
      onDemand: z
        .strictObject({
          targetColdStartRate: z.number().min(0.000001).max(1).optional(),
          of: z.enum(['their-requests', 'all-requests']).optional(),
          loadBandwidth: quantity.optional(),
          leastModels: positive.max(100_000).optional(),
        })
        .optional(),
    })
    .optional(),
  mesh: z
    .strictObject({
      router: z
        .strictObject({
          replicas: replicaCount.optional(),
          maxReplicas: replicaCount.optional(),
          image: text.optional(),
          cpu: quantity.optional(),
          memory: quantity.optional(),
          envoy: z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() }).optional(),
        })
        .optional(),
      agent: z
        .strictObject({
          image: text.optional(),
          cpu: quantity.optional(),
          memory: quantity.optional(),
          readyHoldSeconds: z.number().int().min(0).max(604_800).optional(),
          roomWaitSeconds: z.number().int().min(0).max(60).optional(),
        })
        .optional(),
      dashboard: z.boolean().optional(),
      serviceType: z.enum(['ClusterIP', 'LoadBalancer', 'NodePort']).optional(),
      gateway: z.strictObject({ name: label, namespace: label, hostnames: z.array(text).optional() }).optional(),
      storageSecretName: text.optional(),
      clientNamespaces: z.array(label).optional(),
    })
    .optional(),
  baseline: z
    .strictObject({
      podsPerReplica: positive.max(100).optional(),
      sidecarCpu: quantity.optional(),
      sidecarMemory: quantity.optional(),
      minReplicas: replicaCount.optional(),
    })
    .optional(),
});

/** The whole document, for the published JSON Schema. */
export const fleetSchema = fleetHeadSchema
  .extend({ models: z.array(modelSchema).optional(), catalogues: z.array(text).optional() })
  .meta({ id: 'Fleet' });
