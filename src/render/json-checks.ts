/** Checks of JSON by hand: agent and meshd read tables often, and carry no schema library. Each returns what is wrong. */

export type Check = (value: unknown, path: string) => string | null;

export const text: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? null : `"${path}" must be a text that is not empty`;
export const between =
  (least: number, most: number): Check =>
  (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
      ? null
      : `"${path}" must be a whole number from ${least} to ${most}`;
export const count = between(0, Number.MAX_SAFE_INTEGER);
export const orNull =
  (check: Check): Check =>
  (value, path) =>
    value === null ? null : check(value, path);
export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, path) =>
    typeof value === 'string' && allowed.includes(value) ? null : `"${path}" must be one of ${allowed.join(', ')}`;
export const matching =
  (pattern: RegExp, expected: string): Check =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? null : `"${path}" must be ${expected}`;
export const listOf =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? first(value.map((item, i) => check(item, `${path}[${i}]`))) : `"${path}" must be a list`;
export const texts: Check = (value, path) =>
  isObject(value) && Object.values(value).every((item) => typeof item === 'string')
    ? null
    : `"${path}" must be an object of texts`;
export const object =
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

function first(problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
