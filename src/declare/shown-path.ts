import { relative } from 'node:path';

/** A file as messages call it: relative where it lies below the current directory. */
export function shownPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
