import { byCodePoint, type Findings, nearest } from './findings';
import type { At } from './located';

/** Reports entries of one list that bear the same name. */
export function requireUnique(
  entries: readonly { readonly name: string }[],
  list: string,
  word: string,
  at: At,
  findings: Findings,
): void {
  const seen = new Map<string, number>();
  entries.forEach((entry, i) => {
    const first = seen.get(entry.name);
    if (first === undefined) seen.set(entry.name, i);
    else
      findings.add(
        'STW1008',
        `the ${word} "${entry.name}" is declared twice: also as ${list}[${first}]`,
        at(list, i, 'name'),
      );
  });
}

/** What to do about an unknown name: the nearest known one, or the known ones. */
export function remedyNear(word: string, candidates: Iterable<string>): string {
  const all = [...candidates].sort(byCodePoint);
  const near = nearest(word, all);
  if (near !== null) return `Did you mean "${near}"?`;
  return all.length === 0
    ? 'None is declared.'
    : `Declared: ${all.slice(0, 10).join(', ')}${all.length > 10 ? ', ...' : ''}.`;
}
