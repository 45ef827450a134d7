import type { z } from 'zod';
import { type Findings, nearest } from './findings';
import type { SourceLocation } from './fleet';
import type { FleetHead, ParsedModel } from './schema';

/** A raw value of the user's and where it stands; `at` finds the line of a path inside it. */
export interface Located {
  readonly value: unknown;
  readonly at: (path: readonly PropertyKey[]) => SourceLocation;
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

type Schemas = typeof import('./schema');
let loaded: Schemas | null = null;
/** zod is loaded at first use: `stowage --help` does without. */
function schemas(): Schemas {
  loaded ??= require('./schema') as Schemas;
  return loaded;
}

export function validateHead(input: Located, findings: Findings): FleetHead | null {
  return run<FleetHead>(schemas().fleetHeadSchema, input, findings);
}

export function validateModel(input: Located, findings: Findings): ParsedModel | null {
  return run<ParsedModel>(schemas().modelSchema, input, findings);
}

function run<T>(schema: z.ZodType, input: Located, findings: Findings): T | null {
  const forbidden = findForbidden(input.value, [], 0);
  if (forbidden !== null) {
    findings.add('STW1013', `the key "${String(forbidden.at(-1))}" is not allowed`, input.at(forbidden));
    return null;
  }
  const result = schema.safeParse(input.value);
  if (result.success) return result.data as T;
  for (const issue of result.error.issues) report(schema, issue, input, findings);
  return null;
}

function findForbidden(value: unknown, path: readonly PropertyKey[], depth: number): readonly PropertyKey[] | null {
  if (typeof value !== 'object' || value === null || depth > 12) return null;
  for (const key of Object.keys(value)) {
    if (forbiddenKeys.has(key)) return [...path, key];
    const child = (value as Record<string, unknown>)[key];
    if (typeof child === 'object' && child !== null) {
      const found = findForbidden(child, [...path, Array.isArray(value) ? Number(key) : key], depth + 1);
      if (found !== null) return found;
    }
  }
  return null;
}

function report(schema: z.ZodType, issue: z.core.$ZodIssue, input: Located, findings: Findings): void {
  const where = (path: readonly PropertyKey[]) => input.at(path);
  const name = pathText(issue.path) || 'the entry';
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = fieldsAt(schema, issue.path);
      for (const key of issue.keys) {
        const near = nearest(key, known);
        findings.add(
          'STW1005',
          `unknown field "${clip(key)}"`,
          where([...issue.path, key]),
          near === null ? undefined : `Did you mean "${near}"?`,
        );
      }
      return;
    }
    case 'invalid_type': {
      const value = valueAt(input.value, issue.path);
      if (value === undefined)
        findings.add(
          'STW1006',
          `"${name}" is missing`,
          where(issue.path),
          `Add "${String(issue.path.at(-1) ?? '')}" (${issue.expected}).`,
        );
      else
        findings.add(
          typeof value === 'number' ? 'STW1007' : 'STW1004',
          `"${name}" must be ${article(issue.expected)}, not ${show(value)}`,
          where(issue.path),
        );
      return;
    }
    case 'invalid_value':
      findings.add(
        'STW1004',
        `"${name}" is ${show(valueAt(input.value, issue.path))}; allowed: ${issue.values.map(String).join(', ')}`,
        where(issue.path),
      );
      return;
    case 'invalid_union':
      findings.add(
        'STW1004',
        `"${name}" is ${show(valueAt(input.value, issue.path))}, which is not a value allowed here`,
        where(issue.path),
      );
      return;
    default: {
      const value = valueAt(input.value, issue.path);
      findings.add(
        typeof value === 'number' ? 'STW1007' : 'STW1004',
        `"${name}" is ${show(value)}: ${issue.message}`,
        where(issue.path),
      );
    }
  }
}

/** Names of the fields that an object schema at `path` has. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const step of path) {
    current = unwrap(current);
    const definition = current as { shape?: Record<string, unknown>; element?: unknown };
    current = typeof step === 'number' ? definition.element : definition.shape?.[String(step)];
  }
  return Object.keys((unwrap(current) as { shape?: Record<string, unknown> } | undefined)?.shape ?? {});
}

function unwrap(schema: unknown): unknown {
  const candidate = schema as { unwrap?: () => unknown; shape?: unknown; element?: unknown } | undefined;
  return candidate?.unwrap !== undefined && candidate.shape === undefined && candidate.element === undefined
    ? candidate.unwrap()
    : schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** `pools[2].cpu` */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

function show(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'string') return `"${clip(value)}"`;
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function article(expected: string): string {
  return /^[aeio]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}
