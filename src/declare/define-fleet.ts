import { resolve } from 'node:path';
import { type EventSink, ignoreEvents } from '../events';
import { resolveAliases } from './aliases';
import { loadCatalogues } from './catalogue';
import { Findings } from './findings';
import type { Fleet, SourceLocation } from './fleet';
import { resolveFrame } from './frame';
import type { FleetInput } from './input';
import { type Located, pathText } from './located';
import { ModelCollector } from './models';
import { validateHead, validateModel } from './validate';

export interface DefineOptions {
  /** Where relative catalogue globs start. @default the current directory */
  readonly baseDirectory?: string;
  /** Named in errors. */
  readonly file?: string;
  readonly onEvent?: EventSink;
}

const brand = Symbol.for('stowage.Fleet');

/** True for what `defineFleet` or `loadFleet` of any copy of this package returned. */
export function isFleet(value: unknown): value is Fleet {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * Validates a fleet and turns it into base units (bytes, milli-cores, micro-dollars).
 * @throws StowageError with every finding at once (STW1xxx)
 */
export function defineFleet(input: FleetInput, options: DefineOptions = {}): Fleet {
  const file = options.file;
  const at = (path: readonly PropertyKey[]): SourceLocation => ({
    ...(file === undefined ? {} : { file }),
    ...(path.length === 0 ? {} : { path: pathText(path) }),
  });
  return defineLocated({ value: input, at }, options);
}

/** The same for a document whose places are known. */
export function defineLocated(document: Located, options: DefineOptions): Fleet {
  const onEvent = options.onEvent ?? ignoreEvents;
  const findings = new Findings();
  onEvent({ type: 'phase-start', phase: 'load' });
  const { models, catalogues, head } = split(document.value);
  const parsedHead = validateHead({ value: head, at: document.at }, findings);
  const frame = parsedHead === null ? null : resolveFrame(parsedHead, document, findings);
  const collector = frame === null ? null : new ModelCollector(frame, findings);
  let seen = 0;
  // Without a frame the entries' shapes are still checked, so that all findings come at once.
  const take = (entry: Located): void => {
    const input = validateModel(entry, findings);
    if (input !== null) collector?.add(input, entry);
    if (++seen % 10_000 === 0) onEvent({ type: 'phase-progress', phase: 'load', done: seen });
  };
  takeModels(models, document, findings, take);
  takeCatalogues(catalogues, document, options, findings, take);
  if (collector !== null && findings.count === 0) {
    if (collector.count === 0) findings.add('STW1016', 'the fleet declares no model', document.at(['models']));
    collector.checkTotals();
  }
  const aliases =
    parsedHead === null || collector === null || findings.count > 0
      ? []
      : resolveAliases(parsedHead.aliases ?? [], () => collector.keys, document, findings);
  findings.throwIfAny();
  if (collector === null) throw new TypeError('unreachable: a fleet without frame has findings');
  const fleet = collector.fleet(aliases);
  Object.defineProperty(fleet, brand, { value: true });
  onEvent({ type: 'phase-end', phase: 'load', detail: `${fleet.models.length} models` });
  return fleet;
}

function takeModels(models: unknown, document: Located, findings: Findings, take: (entry: Located) => void): void {
  if (models === undefined) return;
  if (!Array.isArray(models)) {
    findings.add('STW1004', '"models" must be a list', document.at(['models']));
    return;
  }
  // Not forEach: it skips holes.
  for (const [i, value] of models.entries()) take({ value, at: (path) => document.at(['models', i, ...path]) });
}

function takeCatalogues(
  catalogues: unknown,
  document: Located,
  { baseDirectory, file }: DefineOptions,
  findings: Findings,
  take: (entry: Located) => void,
): void {
  if (catalogues === undefined) return;
  if (!Array.isArray(catalogues) || !catalogues.every((pattern) => typeof pattern === 'string')) {
    findings.add('STW1004', '"catalogues" must be a list of file patterns', document.at(['catalogues']));
    return;
  }
  const own = file === undefined ? null : resolve(file);
  loadCatalogues(catalogues, { directory: baseDirectory ?? process.cwd(), own, at: document.at }, findings, take);
}

function split(value: unknown): { models?: unknown; catalogues?: unknown; head: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { head: value };
  const { models, catalogues, ...head } = value as Record<string, unknown>;
  return { models, catalogues, head };
}
