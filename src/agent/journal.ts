import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelTableEntry } from '../render/model-table';
import { entryProblem } from '../render/model-table-shape';

/**
 * What the server was given to hold, on the disk that agent and server share: an agent that starts again learns from it
 * which files a loaded model came from, and finds models that have left the table meanwhile.
 */
export class Journal {
  private readonly file: string;
  private readonly readyMark: string;
  private next: readonly ModelTableEntry[] | null = null;
  private writing: Promise<void> | null = null;

  constructor(folder: string) {
    this.file = join(folder, 'held.json');
    this.readyMark = join(folder, 'was-ready');
  }

  async read(): Promise<readonly ModelTableEntry[]> {
    try {
      const value: unknown = JSON.parse(await readFile(this.file, 'utf8'));
      return Array.isArray(value) ? (value.filter((item) => entryProblem(item) === null) as ModelTableEntry[]) : [];
    } catch {
      return [];
    }
  }

  /** An agent before this one was ready in this pod, whose disk it is. */
  async wasReady(): Promise<boolean> {
    return (await stat(this.readyMark).catch(() => null)) !== null;
  }

  async noteReady(): Promise<void> {
    await writeFile(this.readyMark, '');
  }

  /** The latest of several calls counts. */
  write(entries: readonly ModelTableEntry[]): Promise<void> {
    this.next = entries;
    this.writing ??= this.writeLatest().finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  private async writeLatest(): Promise<void> {
    while (this.next !== null) {
      const text = JSON.stringify(this.next);
      this.next = null;
      await writeFile(`${this.file}.new`, text);
      await rename(`${this.file}.new`, this.file);
    }
  }
}
