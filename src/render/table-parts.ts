import { createHash } from 'node:crypto';

/** Bytes of a part: well below the 1 MiB that a ConfigMap holds. */
export const partLimitBytes = 768 * 1024;

export interface TableLine {
  readonly key: string;
  /** ASCII, without a line break; shorter than a part by the header at least. */
  readonly text: string;
}

export interface CutOptions {
  /** A power of two, at most 256. */
  readonly maxParts: number;
  header(part: number): string;
  tooLarge(): Error;
}

/**
 * Lines in parts. While they fit one part they are one part, number 0. A part that overflows is cut in two by a bit of its
 * keys' digests, and the upper half becomes the part in the middle of the numbers left to it (of 8: 0 gives 0 and 4; 0
 * gives 0 and 2; ...): so a new line touches one part, or, when it overflows one, that part and a new one.
 * @throws what `tooLarge` makes, where it cannot be cut further
 */
export function cutInParts(
  lines: readonly TableLine[],
  { maxParts, header, tooLarge }: CutOptions,
): readonly { readonly part: number; readonly text: string }[] {
  const parts: { part: number; text: string }[] = [];
  const place = (own: readonly TableLine[], first: number, width: number): void => {
    const text = `${[ascii(header(first)), ...own.map((line) => line.text)].join('\n')}\n`;
    if (text.length <= partLimitBytes) {
      if (own.length > 0 || first === 0) parts.push({ part: first, text });
      return;
    }
    if (width === 1) throw tooLarge();
    const half = width / 2;
    const upper = (line: TableLine) => (slot(line.key, maxParts) & half) !== 0;
    place(
      own.filter((line) => !upper(line)),
      first,
      half,
    );
    place(own.filter(upper), first + half, half);
  };
  place(lines, 0, maxParts);
  return parts;
}

function slot(key: string, maxParts: number): number {
  return (createHash('sha256').update(key).digest()[0] ?? 0) % maxParts;
}

/** JSON text in ASCII alone: one byte a character, and nothing that a YAML reader could take for a line break. */
export function ascii(json: string): string {
  return /^[ -~]*$/.test(json)
    ? json
    : json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
