import { link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The one file that a folder holds, or null. */
export async function soleFile(folder: string): Promise<string | null> {
  const [first, ...rest] = await readdir(folder, { withFileTypes: true });
  return first?.isFile() && rest.length === 0 ? join(folder, first.name) : null;
}

/** The same files in another folder of the same disk, without room for them twice. */
export async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const item of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, item.name), join(to, item.name)];
    if (item.isDirectory()) await linkTree(source, target);
    else await link(source, target);
  }
}
