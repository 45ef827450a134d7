import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bed';
import { must } from './commands';

/** Builds dist/, which the examples import, unless it is newer than all of its sources. */
export async function buildIfStale(): Promise<void> {
  const built = join(root, 'dist/src/index.js');
  if (existsSync(built) && newest(['src', 'components']) < statSync(built).mtimeMs) return;
  await must('npm', ['run', 'build'], { cwd: root });
}

function newest(folders: readonly string[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
  return Math.max(...files);
}
