import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Writes the whole file or nothing: to a neighbour first, synced, then renamed over it. Follows a symbolic link. */
export function writeFileAtomic(path: string, text: string): void {
  const target = resolved(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  let handle: number | null = null;
  try {
    handle = openSync(temporary, 'w', 0o644);
    const bytes = Buffer.from(text, 'utf8');
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(handle, bytes, offset);
    fsyncSync(handle);
    closeSync(handle);
    handle = null;
    renameSync(temporary, target);
  } catch (error) {
    if (handle !== null) closeSync(handle);
    rmSync(temporary, { force: true });
    throw error;
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
