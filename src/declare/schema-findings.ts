import type { z } from 'zod';
import { type Findings, nearest } from './findings';
import { type Located, pathText } from './located';

/** Says an issue that zod found in the words of Stowage, at its place in the user's input. */
export function reportIssue(schema: z.ZodType, issue: z.core.$ZodIssue, input: Located, findings: Findings): void {
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
          typeof value === 'number' && issue.expected !== 'string' ? 'STW1007' : 'STW1004',
          `"${name}" must be ${article(issue.expected)}, not ${show(value)}`,
          where(issue.path),
          issue.expected === 'string' && ['number', 'boolean'].includes(typeof value)
            ? `Put it in quotes: "${String(value)}".`
            : undefined,
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
    case 'invalid_union': {
      const inner = branchFor(valueAt(input.value, issue.path), issue.errors);
      if (inner !== null) {
        for (const below of inner)
          reportIssue(schema, { ...below, path: [...issue.path, ...below.path] } as z.core.$ZodIssue, input, findings);
        return;
      }
      const value = valueAt(input.value, issue.path);
      findings.add(
        typeof value === 'number' ? 'STW1007' : 'STW1004',
        `"${name}" is ${show(value)}, which is not a value allowed here`,
        where(issue.path),
      );
      return;
    }
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

/** The findings of the alternative that the value was meant as: the one whose type it has; null where none has. */
function branchFor(
  value: unknown,
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | null {
  if (value === undefined) return null;
  const sameType = branches.filter((issues) =>
    issues.every((issue) => issue.code !== 'invalid_type' || issue.path.length > 0),
  );
  return sameType.length === 1 ? (sameType[0] ?? null) : null;
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
