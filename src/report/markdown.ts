import { createHash } from 'node:crypto';
import { plain } from './style';
import { count } from './units';

/** A comment on GitHub may have 65,536 characters; bytes are the safer measure. */
const mostBytes = 60_000;

export interface MarkdownSection {
  readonly text: string;
  /** Sections with a number may go where the whole is too long, the highest first. */
  readonly drop?: number;
  /** What the note calls it once it is gone. */
  readonly name?: string;
}

/** The sections in order, as many as fit in 60,000 UTF-8 bytes: whole ones are dropped, never the summary. */
export function boundedMarkdown(sections: readonly MarkdownSection[], most = mostBytes): string {
  const size = (list: readonly MarkdownSection[]) =>
    list.reduce((sum, { text }) => sum + Buffer.byteLength(text, 'utf8') + 2, 300);
  let kept = [...sections];
  const gone: string[] = [];
  while (size(kept) > most) {
    const next = kept.reduce<MarkdownSection | null>(
      (worst, candidate) =>
        candidate.drop !== undefined && (worst === null || candidate.drop > (worst.drop ?? 0)) ? candidate : worst,
      null,
    );
    if (next === null) break;
    kept = kept.filter((candidate) => candidate !== next);
    gone.push(next.name ?? 'details');
  }
  const note =
    gone.length === 0 ? [] : [`_Left out for length: ${gone.join(', ')}. The JSON and HTML forms have all._`];
  return `${[...kept.map(({ text }) => text), ...note].join('\n\n')}\n`;
}

/** Hidden first line that lets a tool find and replace its own comment. */
export function marker(kind: 'plan' | 'diff', fleet: string, data: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(data)).digest('hex');
  return `<!-- stowage:${kind} fleet=${fleet.replace(/[^\w.-]/g, '')} schema=1 ${kind}=${digest} -->`;
}

/** Text that Markdown and HTML leave alone; `@name` calls nobody. */
export function escapeMarkdown(text: string): string {
  return plain(text)
    .replace(/\n/g, ' ')
    .replace(/[\\`*_[\]|<>~#]/g, (sign) => (sign === '<' ? '&lt;' : sign === '>' ? '&gt;' : `\\${sign}`))
    .replace(/(^|\W)@(?=\w)/g, '$1@\u200b');
}

/** A code span; backticks inside become quotes. */
export function code(text: string): string {
  return `\`${plain(text).replace(/`/g, "'").replace(/\|/g, '\\|').replace(/\n/g, ' ')}\``;
}

/** First column left, the others right. Cells are Markdown already. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map((_, i) => (i === 0 ? ':--' : '--:'))), ...rows.map(line)];
}

/** Folded; open where short. */
export function details(summary: string, lines: readonly string[], open = lines.length < 10): string {
  return [`<details${open ? ' open' : ''}><summary>${summary}</summary>`, '', ...lines, '', '</details>'].join('\n');
}

/** A fenced diff block of at most `most` lines. */
export function diffBlock(lines: readonly string[], most = 200): string[] {
  const shown = lines.slice(0, most).map((line) => plain(line).replace(/`/g, "'"));
  const rest = lines.length - shown.length;
  return ['```diff', ...shown, ...(rest > 0 ? [`# and ${count(rest)} more`] : []), '```'];
}
