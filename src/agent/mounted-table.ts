import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The watch may miss a change, or the folder come later: it is read again at least so often. */
const rescanMs = 5000;
/** Kubelet swaps a link and removes what was behind the old one: one read a while after the last of these. */
const settleMs = 50;

/** Reads the mounted parts of the table, now and whenever they may have changed. */
export class MountedTable {
  private watcher: FSWatcher | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly folder: string,
    private readonly onRead: (parts: Readonly<Record<string, string>>) => void,
  ) {}

  async start(): Promise<void> {
    await this.scan();
  }

  stop(): void {
    this.stopped = true;
    this.watcher?.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async scan(): Promise<void> {
    if (this.stopped) return;
    const parts = await readParts(this.folder);
    if (this.stopped) return;
    if (parts !== null) this.onRead(parts);
    this.watcher ??= this.openWatch();
    this.again(rescanMs);
  }

  private again(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => void this.scan(), ms).unref();
  }

  private openWatch(): FSWatcher | null {
    try {
      const watcher = watch(this.folder, { persistent: false }, () => this.again(settleMs));
      watcher.on('error', () => {
        watcher.close();
        this.watcher = null;
      });
      return watcher;
    } catch {
      return null;
    }
  }
}

/** All parts as of one moment; null: the folder changed meanwhile or cannot be read. */
async function readParts(folder: string): Promise<Readonly<Record<string, string>> | null> {
  try {
    const files = (await readdir(folder)).filter((name) => /^models-\d+\.jsonl$/.test(name)).sort();
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
    const after = (await readdir(folder)).filter((name) => /^models-\d+\.jsonl$/.test(name)).sort();
    if (after.join() !== files.join()) return null;
    return Object.fromEntries(files.map((name, i) => [name, texts[i] ?? '']));
  } catch {
    return null;
  }
}
