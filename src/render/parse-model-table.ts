import { byCodePoint } from '../declare/findings';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import { type ModelTable, type ModelTableEntry, type ModelTableHeader, modelTableVersion } from './model-table';
import { entryProblem, headerProblem } from './model-table-shape';

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
      findings.push(broken(part.file, 1, 'fleet and shard are not those of the other parts'));
    }
    for (const { line, entry } of part.entries) {
      const owner = owners.get(entry.served);
      if (owner !== undefined && owner !== entry.model) {
        findings.push(broken(part.file, line, `"${entry.model}" has the same served name as "${owner}"`));
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
  const before = findings.length;
  let header: ModelTableHeader | null = null;
  const seen = new Set<unknown>();
  const entries: { line: number; entry: ModelTableEntry }[] = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [i, content] of lines.entries()) {
    const line = i + 1;
    const value = parseObject(content);
    if (value === null) {
      findings.push(broken(file, line, 'not a JSON object'));
    } else if (i === 0) {
      const fault = headerFault(value, file);
      if (fault !== null) {
        findings.push(fault);
        return null;
      }
      header = value as unknown as ModelTableHeader;
    } else if ('model' in value) {
      const problem = entryProblem(value);
      const entry = value as unknown as ModelTableEntry;
      if (problem !== null) findings.push(broken(file, line, problem));
      else if (seen.has(entry.model)) findings.push(broken(file, line, `"${entry.model}" stands there twice`));
      else entries.push({ line, entry });
      seen.add(entry.model);
    }
  }
  if (lines.length === 0) findings.push(broken(file, 1, 'the header is missing'));
  return header === null || findings.length > before ? null : { file, header, entries };
}

function headerFault(value: Record<string, unknown>, file: string): Diagnostic | null {
  const version = value.tableVersion;
  if (typeof version === 'number' && version > modelTableVersion) {
    return diagnostic('STW4006', `${file} has the version ${version}; this one reads ${modelTableVersion}`, {
      location: { file, line: 1 },
    });
  }
  const problem = version === modelTableVersion ? headerProblem(value) : 'the header is missing';
  return problem === null ? null : broken(file, 1, problem);
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function sameShard(a: ModelTableHeader, b: ModelTableHeader): boolean {
  return a.fleet === b.fleet && a.shard === b.shard;
}

function broken(file: string, line: number, problem: string): Diagnostic {
  return diagnostic('STW4005', `line ${line} of ${file}: ${problem}`, { location: { file, line } });
}
