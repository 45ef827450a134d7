import { byCodePoint } from '../declare/findings';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import { type ModelTable, type ModelTableEntry, type ModelTableHeader, modelTableVersion } from './model-table';
import { entryProblem, headerProblem } from './model-table-shape';
import { brokenLine, readTablePart, type TableKind } from './table-lines';

/**
 * Reads a shard's model table from its parts: file name (or ConfigMap key) to text. Lines and fields of a later minor
 * version are skipped. While a part is being cut in two, both halves may hold a model: the higher part wins.
 * @throws StowageError STW4006 for a version from the future; STW4005 with every broken line, file and number
 */
export function parseModelTable(parts: Readonly<Record<string, string>>): ModelTable {
  const findings: Diagnostic[] = [];
  const read = Object.keys(parts)
    .map((file) => readPart(file, parts[file] ?? '', findings))
    .filter((part) => part !== null)
    .sort((a, b) => a.header.part - b.header.part);
  const last = read.at(-1);
  if (last === undefined && findings.length === 0) findings.push(diagnostic('STW4005', 'the model table has no part'));
  const models = new Map<string, ModelTableEntry>();
  const owners = new Map<string, string>();
  for (const [i, part] of read.entries()) {
    const before = read[i - 1];
    if (before !== undefined && !sameShard(before.header, part.header)) {
      findings.push(brokenLine(kind, part.file, 1, 'fleet and shard are not those of the other parts'));
    }
    for (const { line, entry } of part.entries) {
      const owner = owners.get(entry.served);
      if (owner !== undefined && owner !== entry.model) {
        findings.push(brokenLine(kind, part.file, line, `"${entry.model}" has the same served name as "${owner}"`));
      }
      owners.set(entry.served, entry.model);
      models.set(entry.model, entry);
    }
  }
  if (last === undefined || findings.length > 0) throw new StowageError(findings);
  const { part: _, ...header } = last.header;
  return { header, models: [...models.values()].sort((a, b) => byCodePoint(a.model, b.model)) };
}

interface ReadPart {
  readonly file: string;
  readonly header: ModelTableHeader;
  readonly entries: readonly { readonly line: number; readonly entry: ModelTableEntry }[];
}

function readPart(file: string, text: string, findings: Diagnostic[]): ReadPart | null {
  const seen = new Set<unknown>();
  const entries: { line: number; entry: ModelTableEntry }[] = [];
  const header = readTablePart(kind, file, text, findings, (value, line) => {
    if (!('model' in value)) return null;
    const entry = value as unknown as ModelTableEntry;
    const problem = entryProblem(value) ?? (seen.has(entry.model) ? `"${entry.model}" stands there twice` : null);
    if (problem === null) entries.push({ line, entry });
    seen.add(entry.model);
    return problem;
  });
  return header === null ? null : { file, header: header as unknown as ModelTableHeader, entries };
}

const kind: TableKind = {
  versionField: 'tableVersion',
  version: modelTableVersion,
  codes: { later: 'STW4006', broken: 'STW4005' },
  headerProblem,
};

function sameShard(a: ModelTableHeader, b: ModelTableHeader): boolean {
  return a.fleet === b.fleet && a.shard === b.shard;
}
