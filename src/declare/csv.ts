import type { Findings } from './findings';
import { type Located, pathText } from './located';
import { readText, reason } from './text-file';

const numberColumns = new Set([
  'requestsPerSecond',
  'gpuSecondsPerRequest',
  'throughputPerSecond',
  'cpuSecondsPerRequest',
  'replicas',
  'priority',
  'margin',
  'timeoutSeconds',
]);
const listColumns = new Set(['pools', 'accelerators', 'zones', 'neverWith']);

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a catalogue with a header line; an empty cell is a field left out, `;` parts a list, and `labels` holds
 * `key=value` parts.
 */
export function readCsv(file: string, shown: string, findings: Findings, take: (entry: Located) => void): void {
  const text = readText(file, shown, findings);
  const rows = text === null ? [] : parseRows(text, shown, findings);
  const [header] = rows;
  if (header === undefined || !headerIsSound(header, shown, findings)) return;
  const columns = header.record;
  for (const { record, info } of rows.slice(1)) {
    if (record.length !== columns.length) {
      findings.add('STW1003', `the row has ${record.length} cells where the header has ${columns.length}`, {
        file: shown,
        line: info.lines,
      });
      continue;
    }
    const value: Record<string, unknown> = {};
    record.forEach((cell, i) => {
      if (cell !== '') value[columns[i] ?? ''] = typed(columns[i] ?? '', cell);
    });
    take({
      value,
      at: (path) => ({ file: shown, line: info.lines, ...(path.length === 0 ? {} : { path: pathText(path) }) }),
    });
  }
}

function parseRows(text: string, shown: string, findings: Findings): readonly Row[] {
  const { parse } = require('csv-parse/sync') as typeof import('csv-parse/sync');
  try {
    return parse(text, {
      info: true,
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
    }) as unknown as Row[];
  } catch (error) {
    const { lines } = error as { lines?: number };
    findings.add('STW1003', `not CSV: ${reason(error)}`, {
      file: shown,
      ...(lines === undefined ? {} : { line: lines }),
    });
    return [];
  }
}

function headerIsSound({ record, info }: Row, shown: string, findings: Findings): boolean {
  const before = findings.count;
  const location = { file: shown, line: info.lines };
  record.forEach((column, i) => {
    if (column === '') findings.add('STW1003', `column ${i + 1} of the header has no name`, location);
    else if (record.indexOf(column) < i) findings.add('STW1008', `the column "${column}" stands twice`, location);
    else if (column in {}) findings.add('STW1013', `the column "${column}" is not allowed`, location);
  });
  return findings.count === before;
}

/** What is no number or list stays text, for the schema to refuse. */
function typed(column: string, cell: string): unknown {
  if (numberColumns.has(column)) return Number.isNaN(Number(cell)) ? cell : Number(cell);
  if (listColumns.has(column)) return parts(cell);
  if (column !== 'labels') return cell;
  const pairs = parts(cell).map((part) => /^([^=]+)=(.*)$/.exec(part));
  return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map((pair) => [pair[1], pair[2]])) : cell;
}

function parts(cell: string): string[] {
  return cell
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
