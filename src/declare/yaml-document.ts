import type { Document, LineCounter } from 'yaml';
import type { Findings } from './findings';
import { type Located, pathText } from './located';
import { reason } from './text-file';

/** Parses YAML (or JSON, for its line numbers) so that any path in it can be found again. */
export function parseYamlDocument(text: string, file: string, findings: Findings): Located | null {
  const before = findings.count;
  try {
    const { LineCounter, parseDocument } = require('yaml') as typeof import('yaml');
    const lines = new LineCounter();
    // The library's own check of unique keys takes quadratic time on large maps.
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, merge: false, prettyErrors: false });
    for (const error of document.errors)
      findings.add('STW1003', reason(error), { file, line: lines.linePos(error.pos[0]).line });
    if (findings.count > before) return null;
    reportRepeatsAndLooseAliases(document, lines, file, findings);
    if (findings.count > before) return null;
    // Few documents repeat an anchor a hundred times; one that multiplies them is an attack.
    return { value: document.toJS({ maxAliasCount: 100 }), at: placeFinder(document, lines, file) };
  } catch (error) {
    const tooDeep = error instanceof RangeError;
    findings.add('STW1003', tooDeep ? 'the text is nested too deeply' : reason(error), { file });
    return null;
  }
}

/** Reports keys that stand twice in one map, and aliases of nothing. */
function reportRepeatsAndLooseAliases(document: Document, lines: LineCounter, file: string, findings: Findings): void {
  const { isScalar, visit } = require('yaml') as typeof import('yaml');
  const place = (node: { range?: readonly number[] | null | undefined }) => ({
    file,
    ...(node.range ? { line: lines.linePos(node.range[0] ?? 0).line } : {}),
  });
  const anchors = new Set<string>();
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias(_, alias) {
      if (!anchors.has(alias.source))
        findings.add('STW1003', `the alias "*${alias.source}" has no anchor before it`, place(alias));
    },
    Map(_, map) {
      if (map.anchor !== undefined) anchors.add(map.anchor);
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          findings.add('STW1008', `the key "${String(key.value)}" stands twice in one map`, place(key));
        seen.add(key.value);
      }
    },
  });
}

/** Finds the line of a path. */
function placeFinder(document: Document, lines: LineCounter, file: string): Located['at'] {
  const { isMap, isScalar } = require('yaml') as typeof import('yaml');
  return (path) => {
    // The deepest node that exists on the way: a missing field is reported where it should stand.
    for (let depth = path.length; depth >= 0; depth--) {
      const steps = path.slice(0, depth);
      let node: unknown = depth === 0 ? document.contents : document.getIn(steps as unknown[], true);
      if (depth > 0) {
        const parent: unknown = document.getIn(steps.slice(0, -1) as unknown[], true);
        const own = isMap(parent)
          ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === steps.at(-1))?.key
          : undefined;
        if (own !== undefined) node = own;
      }
      const range = (node as { range?: readonly [number, number, number] | null } | null | undefined)?.range;
      if (range)
        return { file, line: lines.linePos(range[0]).line, ...(path.length === 0 ? {} : { path: pathText(path) }) };
    }
    return { file, path: pathText(path) };
  };
}
