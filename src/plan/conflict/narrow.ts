/** A part that still fails; `minimal` where each member of it was tried to be left out, and all is well without it. */
export interface Narrowed<T> {
  readonly items: readonly T[];
  readonly minimal: boolean;
}

/**
 * A small part of `items` that fails, given that all of them do: the shortest beginning by bisection, so what matters
 * most stands first; then what can be left out of that, in halving pieces, down to single items.
 * @param fails null: cannot be tried any more
 */
export function narrow<T>(items: readonly T[], fails: (part: readonly T[]) => boolean | null): Narrowed<T> {
  const start = shortestBeginning(items, fails);
  let { items: current } = start;
  if (!start.minimal) return start;
  for (let size = firstPiece(current.length); ; size = Math.max(1, Math.floor(size / 2))) {
    for (;;) {
      const next = withoutPieces(current, size, fails);
      if (next === null) return { items: current, minimal: false };
      const same = next.length === current.length;
      current = next;
      if (same) break;
    }
    if (size === 1) return { items: current, minimal: true };
  }
}

function firstPiece(length: number): number {
  return length <= 8 ? 1 : Math.ceil(length / 4);
}

function shortestBeginning<T>(items: readonly T[], fails: (part: readonly T[]) => boolean | null): Narrowed<T> {
  // Not by halves at first: where few suffice, small parts are tried, which cost little.
  let fine = 0;
  let failing = items.length;
  for (let step = 1; fine + step < failing; step *= 2) {
    const result = fails(items.slice(0, fine + step));
    if (result === null) return { items: items.slice(0, failing), minimal: false };
    if (result) failing = fine + step;
    else fine += step;
    if (result) break;
  }
  while (failing - fine > 1) {
    const middle = (fine + failing) >> 1;
    const result = fails(items.slice(0, middle));
    if (result === null) return { items: items.slice(0, failing), minimal: false };
    if (result) failing = middle;
    else fine = middle;
  }
  return { items: items.slice(0, failing), minimal: true };
}

/** One pass over the pieces, the last first, as those are likeliest to be needless; null: cannot be tried. */
function withoutPieces<T>(
  items: readonly T[],
  size: number,
  fails: (part: readonly T[]) => boolean | null,
): readonly T[] | null {
  let current = items;
  for (let end = items.length; end > 0; end -= size) {
    const from = Math.max(0, end - size);
    const rest = [...current.slice(0, from), ...current.slice(end)];
    const result = fails(rest);
    if (result === null) return null;
    if (result) current = rest;
  }
  return current;
}
