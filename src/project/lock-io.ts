import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { reason } from '../declare/text-file';
import { diagnostic, StowageError } from '../errors/stowage-error';
import type { LockedPlacement } from '../pack/packing';
import { parseLockfile } from '../plan/lockfile';
import { writeFileAtomic } from './atomic-file';

export interface ReadLock {
  readonly text: string;
  readonly placement: LockedPlacement;
}

/** The lockfile at `path`, or null where there is none. @throws StowageError STW3xxx, STW5101 */
export function readLock(path: string): ReadLock | null {
  if (!existsSync(path)) return null;
  const shown = shownPath(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const message = `cannot read the lockfile ${shown}: ${reason(error)}`;
    throw new StowageError([diagnostic('STW5101', message, { location: { file: shown } })], { cause: error });
  }
  return { text, placement: parseLockfile(text, shown) };
}

/** Writes the lockfile whole or not at all. @throws StowageError STW5102 */
export function writeLock(path: string, text: string): void {
  try {
    writeFileAtomic(path, text);
  } catch (error) {
    const shown = shownPath(path);
    const message = `cannot write the lockfile ${shown}: ${reason(error)}`;
    throw new StowageError([diagnostic('STW5102', message, { location: { file: shown } })], { cause: error });
  }
}

/** Relative to the current directory where the path is inside it. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}
