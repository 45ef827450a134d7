import { Findings } from './findings';
import { type Located, pathText } from './located';
import { parseYamlDocument } from './yaml-document';

/** Deeper than anything in the format. */
const deepest = 50;

/**
 * The same as {@link parseYamlDocument} for text that should be JSON: that parser, which knows the lines of everything, is
 * asked only where a line is wanted or the text is not plain JSON.
 */
export function parseJsonDocument(text: string, file: string, findings: Findings): Located | null {
  const value = plainJson(text);
  if (value === undefined) return parseYamlDocument(text, file, findings);
  let lines: Located | null = null;
  const at: Located['at'] = (path) => {
    lines ??= parseYamlDocument(text, file, new Findings()) ?? {
      value,
      at: (inner) => ({ file, path: pathText(inner) }),
    };
    return lines.at(path);
  };
  return { value, at };
}

/** Undefined where the text is no JSON, is nested deeply, or may have a key twice in one object. */
function plainJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return countKeys(value, 0) === countKeysIn(text) ? value : undefined;
}

/** Keys of all objects within; less than any count where it is nested too deeply. */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > deepest) return Number.NEGATIVE_INFINITY;
  let count = 0;
  if (Array.isArray(value)) for (const entry of value) count += countKeys(entry, depth + 1);
  else for (const entry of Object.values(value)) count += 1 + countKeys(entry, depth + 1);
  return count;
}

/** Strings before a colon, in text that is JSON. */
function countKeysIn(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count++;
  return count;
}
