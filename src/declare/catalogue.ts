import { extname, resolve } from 'node:path';
import { readCsv } from './csv';
import { byCodePoint, Findings } from './findings';
import type { ModelInput } from './input';
import { inLine, type Located } from './located';
import { shownPath } from './shown-path';
import { readLines, readText, reason } from './text-file';
import { parseYamlDocument } from './yaml-document';

type Take = (entry: Located) => void;

export interface CataloguePlace {
  /** Where relative patterns start. */
  readonly directory: string;
  /** The fleet's own file, which no pattern means. */
  readonly own: string | null;
  /** The place of a path in the fleet. */
  readonly at: Located['at'];
}

/** Reads every file that the patterns match, in code point order, and hands each entry on. */
export function loadCatalogues(
  patterns: readonly string[],
  place: CataloguePlace,
  findings: Findings,
  take: Take,
): void {
  const { globSync } = require('tinyglobby') as typeof import('tinyglobby');
  const files = new Set<string>();
  patterns.forEach((pattern, i) => {
    const matched = globSync(pattern, {
      cwd: place.directory,
      onlyFiles: true,
      expandDirectories: false,
      absolute: true,
    }).filter((file) => file !== place.own);
    if (matched.length === 0)
      findings.add('STW1014', `the catalogue pattern "${pattern}" matches no file`, place.at(['catalogues', i]));
    for (const file of matched) files.add(file);
  });
  for (const file of [...files].sort(byCodePoint)) readEntries(file, shownPath(file), findings, take);
}

/** The models of one catalogue file, unchecked: for programs that build a FleetInput. @throws StowageError */
export function readCatalogue(file: string): ModelInput[] {
  const findings = new Findings();
  const models: ModelInput[] = [];
  readEntries(
    resolve(file),
    shownPath(resolve(file)),
    findings,
    (entry) => void models.push(entry.value as ModelInput),
  );
  findings.throwIfAny();
  return models;
}

function readEntries(file: string, shown: string, findings: Findings, take: Take): void {
  switch (extname(file).toLowerCase()) {
    case '.jsonl':
    case '.ndjson':
      readJsonLines(file, shown, findings, take);
      break;
    case '.csv':
      readCsv(file, shown, findings, take);
      break;
    case '.yaml':
    case '.yml':
    case '.json':
      readList(file, shown, findings, take);
      break;
    default:
      findings.add('STW1017', `${shown} is not a catalogue that Stowage reads`, { file: shown });
  }
}

function readJsonLines(file: string, shown: string, findings: Findings, take: Take): void {
  readLines(file, shown, findings, (line, number) => {
    if (!line.startsWith('{') && line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      findings.add('STW1003', `not a line of JSON: ${reason(error)}`, { file: shown, line: number });
      return;
    }
    take({ value, at: (path) => inLine(shown, number, path) });
  });
}

function readList(file: string, shown: string, findings: Findings, take: Take): void {
  const text = readText(file, shown, findings);
  if (text === null) return;
  const document = parseYamlDocument(text, shown, findings);
  if (document === null) return;
  const { value } = document;
  const nested = typeof value === 'object' && value !== null && 'models' in value;
  const list: unknown = nested ? value.models : value;
  const prefix = nested ? ['models'] : [];
  if (!Array.isArray(list)) {
    findings.add('STW1004', `${shown} must hold a list of models, or a map with "models"`, document.at(prefix));
    return;
  }
  list.forEach((entry: unknown, i) => void take({ value: entry, at: (path) => document.at([...prefix, i, ...path]) }));
}
