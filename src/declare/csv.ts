import type { Findings } from './findings';
import { inLine, type Located } from './located';
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
  if (text === null) return;
  let columns: readonly Column[] | null = null;
  for (const row of rowsOf(text, shown, findings)) {
    const line = row.info.lines;
    if (columns === null) {
      if (!headerIsSound(row, shown, findings)) return;
      columns = row.record.map((name) => ({ name, read: reader(name) }));
      continue;
    }
    if (row.record.length !== columns.length) {
      const message = `the row has ${row.record.length} cells where the header has ${columns.length}`;
      findings.add('STW1003', message, { file: shown, line });
      continue;
    }
    const value: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) {
      const { name, read } = columns[i] as Column;
      const cell = row.record[i] as string;
      if (cell !== '') value[name] = read(cell);
    }
    take({ value, at: (path) => inLine(shown, line, path) });
  }
}

interface Column {
  readonly name: string;
  readonly read: (cell: string) => unknown;
}

/** Without a quote a line is a row, and a comma parts cells: what the parser below would give, in a tenth of its time. */
function rowsOf(text: string, shown: string, findings: Findings): Iterable<Row> {
  return /["\r]/.test(text) ? parseRows(text, shown, findings) : plainRows(text);
}

function* plainRows(text: string): Generator<Row> {
  let lines = 0;
  for (const line of text.split('\n')) {
    lines++;
    const tight = !/[^!-~]/.test(line);
    if (line === '' || (!tight && line.trim() === '')) continue;
    const record = line.split(',');
    yield { record: tight ? record : record.map((cell) => cell.trim()), info: { lines } };
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
function reader(column: string): (cell: string) => unknown {
  if (numberColumns.has(column)) return numberOf;
  if (listColumns.has(column)) return parts;
  return column === 'labels' ? labelsOf : (cell) => cell;
}

function numberOf(cell: string): unknown {
  const number = Number(cell);
  return Number.isNaN(number) ? cell : number;
}

function labelsOf(cell: string): unknown {
  const pairs = parts(cell).map((part) => /^([^=]+)=(.*)$/.exec(part));
  return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map((pair) => [pair[1], pair[2]])) : cell;
}

function parts(cell: string): string[] {
  return cell
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
