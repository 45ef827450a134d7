import { constants, copyFile, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentError, reasonOf } from '../reason';
import type { FetchContext, Source } from './source';

/** `file:///path/to/model`: a file or a folder that the agent's container has. */
export const fileSource: Source = async (uri, folder, context) => {
  const path = pathOf(uri);
  await copy(path, path, folder, uri, context);
};

/** `pvc://claim/path`: the same, in a claim that is mounted for the agent. */
export const pvcSource: Source = async (uri, folder, context) => {
  const [claim, ...rest] = decodeURIComponent(uri.slice('pvc://'.length)).split('/');
  if (claim === undefined || !/^[a-z0-9][a-z0-9.-]*$/.test(claim)) throw agentError('STW6102', `no claim in ${uri}`);
  const root = join(context.claims, claim);
  await copy(join(root, ...rest.map((part) => (part === '..' ? '' : part))), root, folder, uri, context);
};

function pathOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    throw agentError('STW6102', `${uri}: ${reasonOf(error)}`, error);
  }
}

/** `root`: links may lead anywhere inside it, and no further. */
async function copy(path: string, root: string, folder: string, uri: string, context: FetchContext): Promise<void> {
  try {
    const inside = await realpath(root);
    const info = await stat(path);
    if (info.isDirectory()) await copyFolder(await realpath(path), inside, folder, context);
    else await copyOne(path, inside, join(folder, basename(path)), context);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw agentError('STW6104', `${uri}: the disk is full`, error);
    if (code !== undefined && /^E[A-Z]+$/.test(code)) throw agentError('STW6102', `${uri}: ${reasonOf(error)}`, error);
    throw error;
  }
}

async function copyFolder(from: string, root: string, to: string, context: FetchContext): Promise<void> {
  context.signal.throwIfAborted();
  await mkdir(to, { recursive: true });
  for (const item of await readdir(from, { withFileTypes: true })) {
    const path = join(from, item.name);
    const target = join(to, item.name);
    const real = item.isSymbolicLink() ? await within(path, root) : path;
    if ((await stat(real)).isDirectory()) {
      // A link back up would never end.
      if (path !== real && `${from}${sep}`.startsWith(`${real}${sep}`)) continue;
      await copyFolder(real, root, target, context);
    } else await copyOne(real, root, target, context);
  }
}

async function copyOne(from: string, root: string, to: string, context: FetchContext): Promise<void> {
  const real = root === from ? from : await within(from, root);
  const info = await stat(real);
  if (!info.isFile()) throw agentError('STW6102', `${from} is no file`);
  context.reserve(info.size);
  await copyFile(real, to, constants.COPYFILE_FICLONE);
}

async function within(path: string, root: string): Promise<string> {
  const real = await realpath(path);
  if (real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return real;
  throw agentError('STW6103', `${path} is a link that leads outside the model`);
}
