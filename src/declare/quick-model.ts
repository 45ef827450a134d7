import type { FootprintInput, LoadInput, ModelInput } from './input';
import { forbiddenKeys, identifierPattern, pairPattern } from './patterns';

/**
 * The entry's fields in an object of one layout, where each of them is beyond doubt what `modelSchema` accepts; null
 * where the schema has to look, and to say what is wrong. A hundred thousand models take it a tenth of the schema's time.
 */
export function quickModel(value: unknown): ModelInput | null {
  const model: Fields = {
    name: undefined,
    version: undefined,
    tenant: undefined,
    format: undefined,
    runtime: undefined,
    base: undefined,
    storageUri: undefined,
    footprint: undefined,
    load: undefined,
    gpuMemory: undefined,
    memory: undefined,
    disk: undefined,
    provenance: undefined,
    margin: undefined,
    requestsPerSecond: undefined,
    gpuSecondsPerRequest: undefined,
    throughputPerSecond: undefined,
    cpuSecondsPerRequest: undefined,
    replicas: undefined,
    residency: undefined,
    priority: undefined,
    pools: undefined,
    accelerators: undefined,
    zones: undefined,
    labels: undefined,
    neverWith: undefined,
    timeoutSeconds: undefined,
  };
  if (!copyInto(model, value, modelChecks)) return null;
  if (model.name === undefined || model.format === undefined || model.storageUri === undefined) return null;
  return model as unknown as ModelInput;
}

type Fields = Record<string, unknown>;
type Check = (value: unknown) => boolean;
type Checks<T> = { readonly [K in keyof Required<T>]: Check };

/** Copies each field that is there, as long as all are sound. */
function copyInto(target: Fields, value: unknown, checks: ReadonlyMap<string, Check>): boolean {
  if (!isPlain(value)) return false;
  for (const key in value) {
    const check = checks.get(key);
    const field = value[key];
    if (check === undefined || (field !== undefined && !check(field))) return false;
    target[key] = field;
  }
  return true;
}

/** Neither a list nor of a class. */
function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const within = (least: number, most: number): Check => {
  return (value) => typeof value === 'number' && value >= least && value <= most;
};
const whole = (least: number, most: number): Check => {
  return (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
};
const oneOf = (...allowed: readonly string[]): Check => {
  return (value) => typeof value === 'string' && allowed.includes(value);
};
const identifier: Check = (value) => typeof value === 'string' && value.length <= 128 && identifierPattern.test(value);
const text: Check = (value) => typeof value === 'string' && value.length >= 1 && value.length <= 4096;
const string: Check = (value) => typeof value === 'string';
const quantity: Check = (value) => (typeof value === 'string' ? value.length <= 64 : Number.isFinite(value));
const amount = within(0, 1e9);

const list = (check: Check): Check => {
  return (value) => {
    if (!Array.isArray(value)) return false;
    // Not every: it skips holes.
    for (let i = 0; i < value.length; i++) if (!check(value[i])) return false;
    return true;
  };
};

const labels: Check = (value) => {
  if (!isPlain(value)) return false;
  for (const key in value) {
    const label = value[key];
    if (forbiddenKeys.has(key) || key.length > 317 || typeof label !== 'string' || label.length > 4096) return false;
  }
  return true;
};

const footprint: Checks<FootprintInput> = {
  gpuMemory: quantity,
  memory: quantity,
  disk: quantity,
  provenance: oneOf('declared', 'measured', 'estimated'),
  margin: within(1, 10),
};
const load: Checks<LoadInput> = {
  requestsPerSecond: amount,
  gpuSecondsPerRequest: amount,
  // Above 0, however little.
  throughputPerSecond: within(Number.MIN_VALUE, 1e9),
  cpuSecondsPerRequest: amount,
};

const part = (fields: Readonly<Record<string, Check>>): Check => {
  const checks = new Map(Object.entries(fields));
  return (value) => copyInto({}, value, checks);
};

const model: Checks<ModelInput> = {
  name: identifier,
  version: identifier,
  tenant: identifier,
  format: text,
  runtime: string,
  base: string,
  storageUri: text,
  footprint: part(footprint),
  load: part(load),
  ...footprint,
  ...load,
  replicas: whole(1, 64),
  residency: oneOf('resident', 'on-demand'),
  priority: whole(0, 1000),
  pools: list(string),
  accelerators: list(string),
  zones: list(string),
  labels,
  neverWith: list((value) => typeof value === 'string' && pairPattern.test(value)),
  timeoutSeconds: within(0.001, 86_400),
};
const modelChecks: ReadonlyMap<string, Check> = new Map(Object.entries(model));
