import type { SourceLocation } from './fleet';

/** A raw value of the user's and where it stands; `at` finds the line of a path inside it. */
export interface Located {
  readonly value: unknown;
  readonly at: (path: readonly PropertyKey[]) => SourceLocation;
}

/** The place of a path, step by step. */
export type At = (...path: readonly PropertyKey[]) => SourceLocation;

/** `pools[2].cpu` */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

/** A path in the entry that a line of a catalogue holds. */
export function inLine(file: string, line: number, path: readonly PropertyKey[]): SourceLocation {
  return path.length === 0 ? { file, line } : { file, line, path: pathText(path) };
}

/** `models.jsonl:12` */
export function placeText(location: SourceLocation): string {
  const line = location.line === undefined ? '' : `:${location.line}`;
  return location.file === undefined ? (location.path ?? 'the input') : `${location.file}${line}`;
}
