import type { z } from 'zod';
import type { Findings } from './findings';
import type { FleetHead, ModelInput } from './input';
import type { Located } from './located';
import { forbiddenKeys } from './patterns';
import { quickModel } from './quick-model';

/** Deeper than anything in the format: what lies below is refused by its shape. */
const deepest = 12;

type Schemas = typeof import('./schema');
let loaded: Schemas | null = null;
/** zod is loaded at first use: `stowage --help` does without. */
function schemas(): Schemas {
  loaded ??= require('./schema') as Schemas;
  return loaded;
}

/** The head if its shape is right; null and findings otherwise. */
export function validateHead(input: Located, findings: Findings): FleetHead | null {
  return run<FleetHead>(schemas().fleetHeadSchema, input, findings);
}

/** The entry if its shape is right; null and findings otherwise. */
export function validateModel(input: Located, findings: Findings): ModelInput | null {
  return quickModel(input.value) ?? run<ModelInput>(schemas().modelSchema, input, findings);
}

function run<T>(schema: z.ZodType, input: Located, findings: Findings): T | null {
  const forbidden = findForbidden(input.value, 0);
  if (forbidden !== null) {
    findings.add('STW1013', `the key "${String(forbidden.at(-1))}" is not allowed`, input.at(forbidden));
    return null;
  }
  const result = schema.safeParse(input.value);
  if (result.success) return result.data as T;
  const { reportIssue } = require('./schema-findings') as typeof import('./schema-findings');
  for (const issue of result.error.issues) reportIssue(schema, issue, input, findings);
  return null;
}

/** The path of a forbidden key, or null. */
function findForbidden(value: unknown, depth: number): readonly PropertyKey[] | null {
  if (typeof value !== 'object' || value === null || depth > deepest) return null;
  for (const key of Object.keys(value)) {
    if (forbiddenKeys.has(key)) return [key];
    const child = (value as Record<string, unknown>)[key];
    if (typeof child !== 'object' || child === null) continue;
    const below = findForbidden(child, depth + 1);
    if (below !== null) return [Array.isArray(value) ? Number(key) : key, ...below];
  }
  return null;
}
