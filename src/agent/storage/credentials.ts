import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from './source';

/** Reads the mounted Secret: one file a key. Without a folder there are none; the environment is never looked at. */
export function credentialsFrom(folder: string | null): Credentials {
  return async (name) => {
    if (folder === null || !/^[A-Za-z0-9._-]+$/.test(name)) return null;
    const text = await readFile(join(folder, name), 'utf8').catch(() => null);
    return text === null || text.trim() === '' ? null : text.trim();
  };
}
