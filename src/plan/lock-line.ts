import type { ErrorCode } from '../errors/registry';
import type { LockedModel, LockedShard } from '../pack/packing';
import { sortedBy } from './homes';

/** What a field must be; the patterns keep out of names whatever a Kubernetes object or a path would not take. */
interface FieldRule {
  readonly pattern?: RegExp;
  readonly least?: number;
  readonly most?: number;
  readonly optional?: true;
  /** A list of two or more different ones will do, too. */
  readonly list?: true;
  readonly expected: string;
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const bytes: FieldRule = { least: 0, most: Number.MAX_SAFE_INTEGER, expected: 'whole bytes from 0 to 2^53 - 1' };
const shardId: FieldRule = { pattern: /^[a-z]([-a-z0-9]{0,14}[a-z0-9])?$/, expected: 'a shard id such as sk3q7xa2' };

const shardFields: Readonly<Record<string, FieldRule>> = {
  shard: shardId,
  pool: { pattern: label, expected: "a pool's name" },
  runtime: { pattern: label, expected: "a runtime's name" },
  base: { pattern: /^[A-Za-z0-9][-A-Za-z0-9_.]{0,127}$/, optional: true, expected: "a base model's name" },
  group: { pattern: /^[a-z0-9][-a-z0-9]{0,62}$/, expected: 'an isolation group' },
  replicas: { least: 1, most: 1000, expected: 'a whole number from 1 to 1000' },
};

const modelFields: Readonly<Record<string, FieldRule>> = {
  model: {
    pattern: /^[A-Za-z0-9][-A-Za-z0-9_.]{0,127}\/[A-Za-z0-9][-A-Za-z0-9_.]{0,127}@[A-Za-z0-9][-A-Za-z0-9_.]{0,127}$/,
    expected: "a model's key: tenant/name@version",
  },
  in: { ...shardId, list: true, expected: `${shardId.expected}, or a list of two or more different ones` },
  gpu: bytes,
  mem: bytes,
};

export type LockLine =
  | { readonly kind: 'shard'; readonly shard: LockedShard }
  | { readonly kind: 'model'; readonly model: LockedModel }
  | { readonly kind: 'wrong'; readonly code: ErrorCode; readonly message: string };

const wrong = (message: string): LockLine => ({ kind: 'wrong', code: 'STW3104', message });

export function formatShardLine(shard: LockedShard): string {
  const base = shard.base === null ? '' : `,"base":${JSON.stringify(shard.base)}`;
  return `{"shard":"${shard.id}","pool":"${shard.pool}","runtime":"${shard.runtime}"${base},"group":"${shard.group}","replicas":${shard.replicas}}`;
}

export function formatModelLine(model: LockedModel): string {
  // Shard ids need no escaping.
  const home =
    model.shards.length === 1 ? `"${model.shards[0]}"` : `["${sortedBy(model.shards, (id) => id).join('","')}"]`;
  return `{"model":"${model.key}","in":${home},"gpu":${model.acceleratorMemoryBytes},"mem":${model.memoryBytes}}`;
}

// What formatModelLine writes, and little else: ten times faster than JSON.parse and checks, and just as strict.
const modelLine =
  /^\{"model":"([A-Za-z0-9][-A-Za-z0-9_.]{0,127}\/[A-Za-z0-9][-A-Za-z0-9_.]{0,127}@[A-Za-z0-9][-A-Za-z0-9_.]{0,127})","in":(?:"([a-z](?:[-a-z0-9]{0,14}[a-z0-9])?)"|\["([a-z](?:[-a-z0-9]{0,14}[a-z0-9])?(?:","[a-z](?:[-a-z0-9]{0,14}[a-z0-9])?)+)"\]),"gpu":(0|[1-9]\d{0,14}),"mem":(0|[1-9]\d{0,14})\}$/;

/** One line after the header, in any key order and spacing. */
export function readLockLine(line: string): LockLine {
  const match = modelLine.exec(line);
  if (match !== null) {
    const [, key = '', shard, list = '', gpu = '', memory = ''] = match;
    const shards = shard === undefined ? list.split('","') : [shard];
    if (isAscending(shards))
      return {
        kind: 'model',
        model: { key, shards, acceleratorMemoryBytes: Number(gpu), memoryBytes: Number(memory) },
      };
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    const cut = line.startsWith('{') && !line.trimEnd().endsWith('}');
    return wrong(cut ? `the line ends early: ${shown(line)}` : `not JSON: ${shown(line)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return wrong(`must be an object with "shard" or "model", not ${shown(value)}`);
  const entry = value as Record<string, unknown>;
  const repeated = repeatedField(line);
  if (repeated !== null) return { kind: 'wrong', code: 'STW3105', message: `the field "${repeated}" stands twice` };
  const kind = Object.hasOwn(entry, 'model') ? 'model' : Object.hasOwn(entry, 'shard') ? 'shard' : null;
  if (kind === null) return wrong(`has neither "shard" nor "model": ${shown(line)}`);
  const problem = problemOf(entry, kind === 'model' ? modelFields : shardFields);
  if (problem !== null) return wrong(problem);
  return kind === 'model'
    ? {
        kind,
        model: {
          key: entry.model as string,
          shards: typeof entry.in === 'string' ? [entry.in] : [...(entry.in as string[])].sort(),
          acceleratorMemoryBytes: entry.gpu as number,
          memoryBytes: entry.mem as number,
        },
      }
    : {
        kind,
        shard: {
          id: entry.shard as string,
          pool: entry.pool as string,
          runtime: entry.runtime as string,
          base: (entry.base ?? null) as string | null,
          group: entry.group as string,
          replicas: entry.replicas as number,
        },
      };
}

function problemOf(entry: Record<string, unknown>, fields: Readonly<Record<string, FieldRule>>): string | null {
  for (const name of Object.keys(entry))
    if (!Object.hasOwn(fields, name))
      return `unknown field ${shown(name)}; there may be ${Object.keys(fields).join(', ')}`;
  for (const [name, rule] of Object.entries(fields)) {
    if (!Object.hasOwn(entry, name)) {
      if (rule.optional) continue;
      return `"${name}" is missing`;
    }
    const value = entry[name];
    const good =
      Array.isArray(value) && rule.list
        ? isListOf(value, rule)
        : rule.pattern === undefined
          ? Number.isSafeInteger(value) &&
            (value as number) >= (rule.least ?? 0) &&
            (value as number) <= (rule.most ?? 0)
          : typeof value === 'string' && rule.pattern.test(value);
    if (!good) return `"${name}" must be ${rule.expected}, not ${shown(value)}`;
  }
  return null;
}

function isAscending(ids: readonly string[]): boolean {
  return ids.every((id, i) => i === 0 || (ids[i - 1] as string) < id);
}

function isListOf(values: readonly unknown[], { pattern }: FieldRule): boolean {
  return (
    values.length >= 2 &&
    new Set(values).size === values.length &&
    values.every((value) => typeof value === 'string' && pattern?.test(value))
  );
}

/** JSON.parse keeps the last of two equal names in silence. Lines are flat, so that a scan over the strings finds them. */
function repeatedField(line: string): string | null {
  const seen = new Set<string>();
  for (const match of line.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)) {
    if (match[2] === undefined) continue;
    const name = JSON.parse(match[1] as string) as string;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}

/** A value as a message shows it: short, on one line, control characters escaped. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}
