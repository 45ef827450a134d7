import type { ErrorCode } from '../errors/registry';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';
import type { SourceLocation } from './fleet';

/** Collects findings so that all of them are reported at once. */
export class Findings {
  private readonly list: Diagnostic[] = [];

  add(code: ErrorCode, message: string, location?: SourceLocation, hint?: string): void {
    this.list.push(
      diagnostic(code, message, { ...(location ? { location } : {}), ...(hint === undefined ? {} : { hint }) }),
    );
  }

  get count(): number {
    return this.list.length;
  }

  throwIfAny(options?: { cause?: unknown }): void {
    if (this.list.length > 0) throw new StowageError(this.list, options);
  }
}

/** The candidate nearest to `word` by edit distance, if near enough to be a slip. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance (two-row dynamic programme). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** By code point, never by locale: the same order on any machine. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
