import { clip, plain, type Style, type TextOptions, visibleLength } from './style';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be shortened to fit the terminal. */
  readonly flex?: boolean;
  /** Left out where the terminal is too narrow, the highest first. */
  readonly optional?: number;
  /** Colours a cell after it was padded. */
  readonly paint?: (cell: string, row: number) => string;
}

const gap = '  ';

/** Aligned lines, no wider than `options.width` where columns can shrink or go. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TextOptions & { readonly style: Style; readonly indent?: string },
): string[] {
  const indent = options.indent ?? '  ';
  const cells = rows.map((row) => row.map(plain));
  const widths = columns.map((column, i) =>
    Math.max(visibleLength(column.title), ...cells.map((row) => visibleLength(row[i] ?? ''))),
  );
  const shown = columns.map((_, i) => i);
  const total = () => indent.length + shown.reduce((sum, i) => sum + (widths[i] ?? 0) + gap.length, -gap.length);
  while (total() > options.width) {
    const least = shown.reduce<number | null>((worst, i) => {
      const order = columns[i]?.optional;
      return order === undefined || (worst !== null && order <= (columns[worst]?.optional ?? 0)) ? worst : i;
    }, null);
    if (least === null) break;
    shown.splice(shown.indexOf(least), 1);
  }
  for (const i of shown) {
    if (columns[i]?.flex !== true || total() <= options.width) continue;
    widths[i] = Math.max(8, (widths[i] ?? 0) - (total() - options.width));
  }
  const line = (row: readonly string[], paint: (cell: string, column: number) => string): string =>
    (
      indent +
      shown
        .map((i, place) => {
          const last = place === shown.length - 1;
          return paint(pad(clip(row[i] ?? '', widths[i] ?? 0), widths[i] ?? 0, columns[i]?.align ?? 'left', last), i);
        })
        .join(gap)
    ).trimEnd();
  const head = line(
    columns.map((column) => column.title),
    (cell) => options.style.dim(cell),
  );
  return [head, ...cells.map((row, n) => line(row, (cell, i) => columns[i]?.paint?.(cell, n) ?? cell))];
}

function pad(text: string, width: number, align: 'left' | 'right', last: boolean): string {
  const space = ' '.repeat(Math.max(0, width - visibleLength(text)));
  if (align === 'right') return space + text;
  return last ? text : text + space;
}
