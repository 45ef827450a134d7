/** How the engine writes values that are not plain JSON: secrets, outputs, and what a preview does not know yet. */
const signatureKey = '4dabf18193072939515e22adb298388d';
const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Without the engine's wrappers: secrets and outputs become their values, unknown ones the unknown mark. */
export function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (signatureKey in value) return 'value' in value ? plain(value.value as Json) : unknown;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

export function hasUnknown(value: Json): boolean {
  if (typeof value === 'string') return value.includes(unknown);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasUnknown);
}

export function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right ?? {}).length) return false;
  return keys.every((key) => equal((left as JsonObject)[key], (right as JsonObject)[key]));
}

/** The part of `live` that `shape` speaks of: what a user's inputs look like on the cluster now. */
export function project(live: Json | undefined, shape: Json): Json {
  if (live === undefined) return null;
  if (Array.isArray(shape) && Array.isArray(live)) {
    return live.map((item: Json, index) => (shape[index] === undefined ? item : project(item, shape[index])));
  }
  if (!isObject(shape) || !isObject(live)) return live;
  const kept = Object.entries(shape).filter(([key]) => key in live);
  return Object.fromEntries(kept.map(([key, inner]) => [key, project(live[key], inner)]));
}
