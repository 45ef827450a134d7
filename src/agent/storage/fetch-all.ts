import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { agentError } from '../reason';
import { folderBytes } from './folder-bytes';
import { fetchFile, type HttpFile } from './http-file';
import type { FetchContext } from './source';

/** A file of a model that has several. */
export interface RemoteFile extends HttpFile {
  /** In the model's folder. */
  readonly path: string;
  /** Null: not known. */
  readonly bytes: number | null;
}

/** Files of one model at a time; the agent fetches four models at a time. */
const together = 4;

/**
 * Downloads all, or goes on with it. The first failure ends the others.
 * @throws StowageError STW6102 to STW6104
 */
export async function fetchAll(files: readonly RemoteFile[], folder: string, context: FetchContext): Promise<void> {
  const stopped = new AbortController();
  const signal = AbortSignal.any([context.signal, stopped.signal]);
  const paths = files.map(({ path, shown }) => pathInside(folder, path, shown));
  await mindRoom(files, folder, context);
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < files.length && !signal.aborted) {
      const at = next++;
      const [file, path] = [files[at], paths[at]];
      if (file === undefined || path === undefined) return;
      try {
        await mkdir(dirname(path), { recursive: true });
        await fetchFile(file, path, { ...context, signal });
      } catch (error) {
        failures.push(error);
        stopped.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  if (failures.length > 0) throw failures[0];
  context.signal.throwIfAborted();
}

/** Better told before the first of 70 GiB than after the last that fits. */
async function mindRoom(files: readonly RemoteFile[], folder: string, context: FetchContext): Promise<void> {
  const all = files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const left = Math.max(0, all - (await folderBytes(folder)));
  context.reserve(left);
  context.reserve(-left);
}

/**
 * Where a file that the storage calls `path` lies.
 * @throws StowageError STW6103 when that is not inside the folder
 */
export function pathInside(folder: string, path: string, shown: string): string {
  const file = normalize(join(folder, path));
  const inside = file.startsWith(`${folder}${sep}`) && !file.endsWith(sep) && !path.startsWith('/');
  if (inside && !path.includes('\0') && !path.includes('\\')) return file;
  throw agentError('STW6103', `${shown}: the name ${JSON.stringify(path)} leads outside the model, or is none`);
}

/** Where files lie that are to be unpacked into `folder`. */
export function besides(folder: string): string {
  return `${folder}.layers`;
}

/** What an earlier try left is of use for the same version only. `version`: anything that tells them apart. */
export async function keepOnly(version: unknown, folder: string): Promise<void> {
  const note = `${folder}.of`;
  const digest = createHash('sha256').update(JSON.stringify(version)).digest('hex');
  if ((await readFile(note, 'utf8').catch(() => null)) === digest) return;
  for (const old of [folder, besides(folder)]) await rm(old, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(note, digest);
}
