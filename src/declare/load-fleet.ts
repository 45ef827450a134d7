import { existsSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { StowageError } from '../errors/stowage-error';
import type { EventSink } from '../events';
import { type DefineOptions, defineFleet, defineLocated, isFleet } from './define-fleet';
import { Findings } from './findings';
import type { Fleet } from './fleet';
import type { FleetInput } from './input';
import { parseJsonDocument } from './json-document';
import { shownPath } from './shown-path';
import { readText, reason } from './text-file';
import { parseYamlDocument } from './yaml-document';

export interface LoadOptions {
  readonly onEvent?: EventSink;
}

const modules = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
const documents = new Set(['.yaml', '.yml', '.json']);

/**
 * Reads a fleet from YAML, JSON, or a TypeScript or JavaScript module that exports `fleet` or a default.
 * @throws StowageError with every finding at once (STW1xxx)
 */
export function loadFleet(file: string, options: LoadOptions = {}): Fleet {
  const path = resolve(file);
  const shown = shownPath(path);
  const ending = extname(path).toLowerCase();
  const findings = new Findings();
  if (!documents.has(ending) && !modules.has(ending))
    findings.add('STW1017', `${shown} is not a fleet file that Stowage reads`, { file: shown });
  else if (!existsSync(path)) findings.add('STW1001', `cannot read ${shown}: it does not exist`, { file: shown });
  findings.throwIfAny();
  const context = { ...options, baseDirectory: dirname(path), file: shown };
  if (modules.has(ending)) return fromModule(path, shown, context);
  const text = readText(path, shown, findings);
  const parse = ending === '.json' ? parseJsonDocument : parseYamlDocument;
  const document = text === null ? null : parse(text, shown, findings);
  findings.throwIfAny();
  if (document === null) throw new TypeError('unreachable: an unread document has findings');
  return defineLocated(document, context);
}

function fromModule(path: string, shown: string, context: DefineOptions): Fleet {
  const findings = new Findings();
  const exported = evaluate(path, shown, findings);
  if (isFleet(exported)) return exported;
  if (exported instanceof Promise)
    findings.add(
      'STW1015',
      `${shown} exports a promise`,
      { file: shown },
      'Export the fleet itself: read what it needs with synchronous calls.',
    );
  else if (typeof exported !== 'object' || exported === null || !('name' in exported && 'pools' in exported))
    findings.add('STW1015', `${shown} exports no fleet`, { file: shown });
  findings.throwIfAny();
  return defineFleet(exported as FleetInput, context);
}

/** What a module exports as its fleet. */
function evaluate(path: string, shown: string, findings: Findings): unknown {
  try {
    const { createJiti } = require('jiti') as typeof import('jiti');
    const jiti = createJiti(__filename, { interopDefault: false, alias: ownAlias() });
    const loaded = jiti(path) as { fleet?: unknown; default?: unknown } | null | undefined;
    return loaded?.fleet ?? loaded?.default ?? loaded;
  } catch (error) {
    if (StowageError.is(error)) throw error;
    findings.add('STW1015', `${shown} failed: ${reason(error)}`, { file: shown });
    findings.throwIfAny({ cause: error });
    return undefined;
  }
}

/** A fleet module imports `stowage`: this very package, also where it is not installed under that name. */
function ownAlias(): Record<string, string> {
  const entry = ['../index.js', '../index.ts']
    .map((name) => resolve(__dirname, name))
    .find((candidate) => existsSync(candidate));
  return entry === undefined ? {} : { stowage: entry };
}
