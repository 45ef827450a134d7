import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

const quietMs = 300;

/**
 * Calls back once a burst of changes to the files is over; returns what ends it. Their directories are watched: editors
 * put a new file in the place of the old one.
 */
export function watchFiles(files: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | null = null;
  const soon = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(changed, quietMs);
  };
  const paths = new Set(files.map((file) => resolve(file)));
  const watchers = [...new Set([...paths].map(dirname))].map((directory): FSWatcher => {
    const names = new Set([...paths].filter((path) => dirname(path) === directory).map((path) => basename(path)));
    return watch(directory, (_, name) => {
      if (name === null || names.has(name)) soon();
    });
  });
  return () => {
    if (timer !== null) clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
