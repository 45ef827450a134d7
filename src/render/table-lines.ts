import type { ErrorCode } from '../errors/registry';
import { type Diagnostic, diagnostic } from '../errors/stowage-error';
import { isObject } from './json-checks';

/** A table kept as JSON lines in parts: a header line each, then entries. */
export interface TableKind {
  readonly versionField: string;
  /** Major version that is read. */
  readonly version: number;
  /** Of a version from the future, and of a line that is wrong. */
  readonly codes: { readonly later: ErrorCode; readonly broken: ErrorCode };
  readonly headerProblem: (value: unknown) => string | null;
}

/**
 * Reads one part. `entry` takes each line after the header and says what is wrong with it, or null.
 * @returns the header; null where the part has findings, which are added to `findings`
 */
export function readTablePart(
  kind: TableKind,
  file: string,
  text: string,
  findings: Diagnostic[],
  entry: (value: Record<string, unknown>, line: number) => string | null,
): Record<string, unknown> | null {
  const before = findings.length;
  let header: Record<string, unknown> | null = null;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [i, content] of lines.entries()) {
    const line = i + 1;
    const value = parsedObject(content);
    if (value === null) {
      findings.push(brokenLine(kind, file, line, 'not a JSON object'));
    } else if (i === 0) {
      const fault = headerFault(kind, value, file);
      if (fault !== null) {
        findings.push(fault);
        return null;
      }
      header = value;
    } else {
      const problem = entry(value, line);
      if (problem !== null) findings.push(brokenLine(kind, file, line, problem));
    }
  }
  if (lines.length === 0) findings.push(brokenLine(kind, file, 1, 'the header is missing'));
  return findings.length > before ? null : header;
}

export function brokenLine({ codes }: TableKind, file: string, line: number, problem: string): Diagnostic {
  return diagnostic(codes.broken, `line ${line} of ${file}: ${problem}`, { location: { file, line } });
}

function headerFault(kind: TableKind, value: Record<string, unknown>, file: string): Diagnostic | null {
  const version = value[kind.versionField];
  if (typeof version === 'number' && version > kind.version)
    return diagnostic(kind.codes.later, `${file} has the version ${version}; this one reads ${kind.version}`, {
      location: { file, line: 1 },
    });
  const problem = version === kind.version ? kind.headerProblem(value) : 'the header is missing';
  return problem === null ? null : brokenLine(kind, file, 1, problem);
}

function parsedObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
