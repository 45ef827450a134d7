import { type EventSink, ignoreEvents } from '../events';
import { loadCatalogues } from './catalogue';
import { Findings } from './findings';
import type { Fleet, Model, SourceLocation } from './fleet';
import type { FleetInput } from './input';
import { assemble, ModelNormaliser, normaliseFrame } from './normalise';
import { type Located, pathText, validateHead, validateModel } from './validate';

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
  const frame = parsedHead === null ? null : normaliseFrame(parsedHead, document, findings);
  if (frame === null) findings.throwIfAny();
  const normaliser = frame === null ? null : new ModelNormaliser(frame, findings);
  const done: Model[] = [];
  const take = (entry: Located): void => {
    const parsed = validateModel(entry, findings);
    const model = parsed === null || normaliser === null ? null : normaliser.normalise(parsed, entry);
    if (model !== null) done.push(model);
    if (done.length % 10_000 === 0) onEvent({ type: 'phase-progress', phase: 'load', done: done.length });
  };
  if (models !== undefined && !Array.isArray(models))
    findings.add('STW1004', '"models" must be a list', document.at(['models']));
  if (Array.isArray(models))
    models.forEach((value, i) => void take({ value, at: (path) => document.at(['models', i, ...path]) }));
  if (catalogues !== undefined) {
    if (Array.isArray(catalogues) && catalogues.every((pattern) => typeof pattern === 'string')) {
      loadCatalogues(catalogues, options.baseDirectory ?? process.cwd(), document.at, findings, take);
    } else findings.add('STW1004', '"catalogues" must be a list of file patterns', document.at(['catalogues']));
  }
  if (findings.count === 0 && done.length === 0)
    findings.add('STW1016', 'the fleet declares no model', document.at(['models']));
  findings.throwIfAny();
  if (frame === null || normaliser === null) throw new TypeError('unreachable: a fleet without frame has findings');
  const fleet = assemble(frame, normaliser, done);
  Object.defineProperty(fleet, brand, { value: true });
  onEvent({ type: 'phase-end', phase: 'load', detail: `${fleet.models.length} models` });
  return fleet;
}

function split(value: unknown): { models?: unknown; catalogues?: unknown; head: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { head: value };
  const { models, catalogues, ...head } = value as Record<string, unknown>;
  return { models, catalogues, head };
}
