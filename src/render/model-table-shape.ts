/** Checks a line's shape by hand: the agent reads tables often, and carries no schema library. Returns what is wrong. */

type Check = (value: unknown, path: string) => string | null;

const text: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? null : `"${path}" must be a text that is not empty`;
const between =
  (least: number, most: number): Check =>
  (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
      ? null
      : `"${path}" must be a whole number from ${least} to ${most}`;
const count = between(0, Number.MAX_SAFE_INTEGER);
const port = between(1, 65_535);
const orNull =
  (check: Check): Check =>
  (value, path) =>
    value === null ? null : check(value, path);
const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, path) =>
    typeof value === 'string' && allowed.includes(value) ? null : `"${path}" must be one of ${allowed.join(', ')}`;
const matching =
  (pattern: RegExp, expected: string): Check =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? null : `"${path}" must be ${expected}`;
const listOf =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? first(value.map((item, i) => check(item, `${path}[${i}]`))) : `"${path}" must be a list`;
const texts: Check = (value, path) =>
  isObject(value) && Object.values(value).every((item) => typeof item === 'string')
    ? null
    : `"${path}" must be an object of texts`;
const object =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    if (!isObject(value)) return `"${path}" must be an object`;
    const inside = (name: string) => (path === '' ? name : `${path}.${name}`);
    return first([
      ...Object.entries(fields).map(([name, check]) =>
        Object.hasOwn(value, name) ? check(value[name], inside(name)) : `"${inside(name)}" is missing`,
      ),
      ...Object.entries(optional).map(([name, check]) =>
        Object.hasOwn(value, name) ? check(value[name], inside(name)) : null,
      ),
    ]);
  };

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
  { labels: texts },
);

export function headerProblem(value: unknown): string | null {
  return header(value, '');
}

export function entryProblem(value: unknown): string | null {
  return entry(value, '');
}

function first(problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
