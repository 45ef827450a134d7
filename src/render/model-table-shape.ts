import { between, count, listOf, matching, object, oneOf, orNull, text, texts } from './json-checks';

const port = between(1, 65_535);
const size = { acceleratorMemoryBytes: count, memoryBytes: count, diskBytes: count };

const header = object({
  fleet: text,
  shard: text,
  part: count,
  runtime: object({
    name: text,
    adapter: oneOf('triton', 'mlserver', 'vllm', 'openvino'),
    path: matching(/^\//, 'an absolute path'),
    layout: oneOf('model-version-directories', 'settings-file', 'config-list', 'adapters'),
    ports: object({ http: port, grpc: orNull(port), metrics: orNull(port) }),
    protocols: listOf(oneOf('v2-rest', 'v2-grpc', 'v1-rest', 'openai')),
  }),
  base: orNull(text),
  capacity: object(size),
});

const entry = object(
  {
    model: matching(/^[^/]+\/[^/@]+@[^/@]+$/, 'tenant/name@version'),
    name: text,
    version: text,
    tenant: text,
    served: text,
    format: text,
    storageUri: text,
    size: object({ ...size, provenance: oneOf('declared', 'measured', 'estimated') }),
    load: object({ requestsPerSecondMilli: count, microDuty: count, cpuMillis: count }),
    replicas: between(1, Number.MAX_SAFE_INTEGER),
    residency: oneOf('resident', 'on-demand'),
    priority: between(0, 1000),
  },
  { labels: texts, timeoutMs: between(1, 86_400_000) },
);

/** What is wrong with a header line; null: nothing. */
export function headerProblem(value: unknown): string | null {
  return header(value, '');
}

/** What is wrong with a model's line; null: nothing. */
export function entryProblem(value: unknown): string | null {
  return entry(value, '');
}
