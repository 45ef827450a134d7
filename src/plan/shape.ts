/** Small checks of JSON's shape, with the path of what is wrong. Fields beyond those named pass: minors add some. */
export type Check = (value: unknown, path: string, report: Report) => void;
export type Report = (path: string, message: string) => void;

export const text: Check = (value, path, report) => {
  if (typeof value !== 'string') report(path, `must be text, not ${kindOf(value)}`);
};

/** A safe integer: gaps and headroom may be negative. */
export const whole: Check = (value, path, report) => {
  if (!Number.isSafeInteger(value)) report(path, `must be a whole number within 2^53 - 1, not ${kindOf(value)}`);
};

export const count: Check = (value, path, report) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    report(path, `must be a whole number from 0 to 2^53 - 1, not ${kindOf(value)}`);
};

export const flag: Check = (value, path, report) => {
  if (typeof value !== 'boolean') report(path, `must be true or false, not ${kindOf(value)}`);
};

export function oneOf(...allowed: readonly string[]): Check {
  return (value, path, report) => {
    if (!allowed.includes(value as string)) report(path, `must be ${allowed.join(' or ')}, not ${kindOf(value)}`);
  };
}

export function orNull(check: Check): Check {
  return (value, path, report) => {
    if (value !== null) check(value, path, report);
  };
}

export function list(check: Check): Check {
  return (value, path, report) => {
    if (!Array.isArray(value)) report(path, `must be a list, not ${kindOf(value)}`);
    else value.forEach((entry, i) => void check(entry, `${path}[${i}]`, report));
  };
}

/** Values of any name but those that would reach a prototype. */
export function record(check: Check): Check {
  return (value, path, report) => {
    if (!isObject(value)) report(path, `must be an object, not ${kindOf(value)}`);
    else for (const [name, entry] of Object.entries(value)) check(entry, join(path, name), report);
  };
}

export function object(fields: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(fields);
  return (value, path, report) => {
    if (!isObject(value)) {
      report(path, `must be an object, not ${kindOf(value)}`);
      return;
    }
    for (const [name, check] of entries) {
      if (Object.hasOwn(value, name)) check(value[name], join(path, name), report);
      else report(join(path, name), 'is missing');
    }
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `"${value.slice(0, 40)}${value.length > 40 ? '...' : ''}"` : String(value);
}
