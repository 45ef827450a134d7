import { createColors } from 'picocolors';

/** How a text report is drawn. */
export interface TextOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Lists in full, not their first entries only. @default false */
  readonly verbose?: boolean;
}

export type Style = ReturnType<typeof createColors>;

export function styleOf(options: TextOptions): Style {
  return createColors(options.color);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with ESC
const colourCodes = /\u001b\[[0-9;]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters of names must not reach a terminal
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Columns that the text takes in a terminal. */
export function visibleLength(text: string): number {
  return [...text.replace(colourCodes, '')].length;
}

/** Text of a user's without control characters: it cannot drive the terminal. */
export function plain(text: string): string {
  return text.replace(controls, '?');
}

export function clip(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Words into lines of at most `width`, the later ones indented by `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const start = lines.length === 0 ? '' : indent;
    if (line === '') line = start + word;
    else if (visibleLength(line) + 1 + visibleLength(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}

/** `████████░░` for a share in millionths; over a whole it is full. */
export function bar(micro: number, width: number): string {
  const full = Math.max(0, Math.min(width, Math.round((micro / 1e6) * width)));
  return '█'.repeat(full) + '░'.repeat(width - full);
}
