import { extname, relative, resolve } from 'node:path';
import { byCodePoint, Findings } from './findings';
import type { SourceLocation } from './fleet';
import type { ModelInput } from './input';
import { readLines, readText } from './text-file';
import { type Located, pathText } from './validate';
import { parseYamlDocument } from './yaml-document';

type Take = (entry: Located) => void;

/** Reads every file that the patterns match, in code point order, and hands each entry on. */
export function loadCatalogues(
  patterns: readonly string[],
  baseDirectory: string,
  at: (path: readonly PropertyKey[]) => SourceLocation,
  findings: Findings,
  take: Take,
): void {
  const { globSync } = require('tinyglobby') as typeof import('tinyglobby');
  const files = new Set<string>();
  patterns.forEach((pattern, i) => {
    const matched = globSync(pattern, {
      cwd: baseDirectory,
      onlyFiles: true,
      expandDirectories: false,
      absolute: true,
    });
    if (matched.length === 0)
      findings.add('STW1014', `the catalogue pattern "${pattern}" matches no file`, at(['catalogues', i]));
    for (const file of matched) files.add(file);
  });
  for (const file of [...files].sort(byCodePoint)) readEntries(file, displayName(file), findings, take);
}

/** The models of one catalogue file, unchecked: for programs that build a FleetInput. @throws StowageError */
export function readCatalogue(file: string): ModelInput[] {
  const findings = new Findings();
  const models: ModelInput[] = [];
  readEntries(
    resolve(file),
    displayName(resolve(file)),
    findings,
    (entry) => void models.push(entry.value as ModelInput),
  );
  findings.throwIfAny();
  return models;
}

function displayName(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
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
  readLines(file, findings, (line, number) => {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      findings.add('STW1003', `not a line of JSON: ${(error as Error).message}`, { file: shown, line: number });
      return;
    }
    take({
      value,
      at: (path) => ({ file: shown, line: number, ...(path.length === 0 ? {} : { path: pathText(path) }) }),
    });
  });
}

function readList(file: string, shown: string, findings: Findings, take: Take): void {
  const text = readText(file, findings);
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

const numberColumns = new Set([
  'requestsPerSecond',
  'gpuSecondsPerRequest',
  'throughputPerSecond',
  'cpuSecondsPerRequest',
  'replicas',
  'priority',
  'margin',
]);
const listColumns = new Set(['pools', 'accelerators', 'zones', 'neverWith']);

function readCsv(file: string, shown: string, findings: Findings, take: Take): void {
  const text = readText(file, findings);
  if (text === null) return;
  const { parse } = require('csv-parse/sync') as typeof import('csv-parse/sync');
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    rows = parse(text, {
      columns: true,
      info: true,
      bom: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof rows;
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number };
    findings.add('STW1003', `not CSV: ${message}`, { file: shown, ...(lines === undefined ? {} : { line: lines }) });
    return;
  }
  for (const { record, info } of rows) {
    const value: Record<string, unknown> = {};
    for (const [column, cell] of Object.entries(record)) {
      if (cell === '') continue;
      const typed: unknown =
        numberColumns.has(column) && !Number.isNaN(Number(cell))
          ? Number(cell)
          : listColumns.has(column)
            ? cell.split(';').map((part) => part.trim())
            : cell;
      Object.defineProperty(value, column, { value: typed, enumerable: true, writable: true, configurable: true });
    }
    take({
      value,
      at: (path) => ({ file: shown, line: info.lines, ...(path.length === 0 ? {} : { path: pathText(path) }) }),
    });
  }
}
