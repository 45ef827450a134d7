import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StowageError } from '../../errors/stowage-error';
import type { SourcePod } from '../control/events';
import { AliasParts } from './alias-parts';
import type { ClusterSource, SourceListener } from './cluster-source';
import { parsePodsFile } from './pods-file';
import { ShardTables } from './shard-tables';

export interface DirectorySourceOptions {
  /** Time from a notice of the file system to the look at what changed, in milliseconds. */
  readonly settleMs?: number;
  /** Looks again after so long, in case a notice was lost. */
  readonly rescanMs?: number;
}

/**
 * A fleet as a directory: `shards/<id>/<part files>`, `pods.json` and, where it has aliases, `routes/<part files>`, as
 * `stowage local` writes them. Files are to be replaced by renaming.
 */
export class DirectorySource implements ClusterSource {
  private readonly tables = new ShardTables();
  private readonly aliases = new AliasParts();
  private readonly pods = new Map<string, string>();
  private readonly watchers = new Map<string, FSWatcher>();
  /** File -> what its last look found, to read only what changed. */
  private readonly signatures = new Map<string, string>();
  private listener: SourceListener | null = null;
  private timer: NodeJS.Timeout | null = null;
  private soon = false;
  private looking = false;
  /** While it looks: something changed that it may have passed already. */
  private noticed = false;
  private scanning: Promise<void> = Promise.resolve();
  private synced = false;
  private revision = 0;
  private problem: string | null = null;
  private readonly settleMs: number;
  private readonly rescanMs: number;

  constructor(
    private readonly directory: string,
    options: DirectorySourceOptions = {},
  ) {
    this.settleMs = options.settleMs ?? 20;
    this.rescanMs = options.rescanMs ?? 1_000;
  }

  start(listener: SourceListener): void {
    this.listener = listener;
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.listener = null;
    if (this.timer !== null) clearTimeout(this.timer);
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
    await this.scanning;
  }

  /**
   * A look that is due soon is neither put off nor replaced by one that is due late. However much changes during a look,
   * one more follows it.
   */
  private schedule(ms: number): void {
    if (this.listener === null || this.soon) return;
    if (this.looking) {
      this.noticed = true;
      return;
    }
    if (this.timer !== null) clearTimeout(this.timer);
    this.soon = ms < this.rescanMs;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.soon = false;
      this.looking = true;
      this.noticed = false;
      this.scanning = this.scan().finally(() => {
        this.looking = false;
        this.schedule(this.noticed ? this.settleMs : this.rescanMs);
      });
    }, ms);
  }

  private async scan(): Promise<void> {
    let problem: string | null = null;
    try {
      await this.scanShards();
      await this.scanAliases();
      await this.scanPods();
    } catch (error) {
      problem = StowageError.is(error) ? error.message : (error as Error).message;
    }
    if (problem !== this.problem) {
      this.problem = problem;
      this.listener?.onProblem(problem);
    }
    if (problem === null && !this.synced) {
      this.synced = true;
      this.listener?.onEvent({ type: 'source-synced' });
    }
  }

  private async scanShards(): Promise<void> {
    const root = join(this.directory, 'shards');
    this.watch(this.directory);
    this.watch(root);
    const entries = await readdir(root, { withFileTypes: true });
    const ids = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const present = new Set(ids);
    for (const id of this.tables.ids) {
      if (present.has(id)) continue;
      for (const file of this.tables.objectsOf(id)) this.forget(id, file);
      this.unwatch(join(root, id));
      this.tell(id, 0);
    }
    for (const id of ids.sort()) await this.scanShard(id, join(root, id));
  }

  private async scanShard(id: string, folder: string): Promise<void> {
    this.watch(folder);
    const found = await partsIn(folder);
    // Removed since it was listed: the next look finds it gone.
    if (found === null) return;
    const { files } = found;
    let newest = found.mtimeMs;
    let changed = false;
    for (const file of this.tables.objectsOf(id)) {
      if (files.includes(file)) continue;
      this.forget(id, file);
      changed = true;
    }
    for (const file of files) {
      const read = await this.readIfChanged(join(folder, file));
      if (read === null) continue;
      this.tables.set(id, file, { [file]: read.text });
      newest = Math.max(newest, read.mtimeMs);
      changed = true;
    }
    if (changed) this.tell(id, newest);
  }

  private async scanAliases(): Promise<void> {
    const folder = join(this.directory, 'routes');
    const found = await partsIn(folder);
    if (found !== null) this.watch(folder);
    else this.unwatch(folder);
    const { files, mtimeMs } = found ?? { files: [], mtimeMs: 0 };
    let newest = mtimeMs;
    for (const file of this.aliases.names) {
      if (files.includes(file)) continue;
      this.aliases.delete(file);
      this.signatures.delete(join(folder, file));
    }
    for (const file of files) {
      const read = await this.readIfChanged(join(folder, file));
      if (read === null) continue;
      this.aliases.set(file, { [file]: read.text });
      newest = Math.max(newest, read.mtimeMs);
    }
    const event = this.aliases.event(Math.max(this.revision + 1, Math.floor(newest)));
    if (event === null) return;
    this.next(newest);
    this.listener?.onEvent(event);
  }

  private async scanPods(): Promise<void> {
    const file = join(this.directory, 'pods.json');
    const read = await this.readIfChanged(file);
    if (read === null) return;
    // Read again while it is broken.
    this.signatures.delete(file);
    const pods = parsePodsFile(read.text, file);
    this.signatures.set(file, read.signature);
    const revision = this.next(read.mtimeMs);
    const present = new Set(pods.map(({ pod }) => pod));
    for (const pod of [...this.pods.keys()]) {
      if (present.has(pod)) continue;
      this.pods.delete(pod);
      this.listener?.onEvent({ type: 'pod-removed', pod, revision });
    }
    for (const pod of pods) this.tellPod(pod, revision);
  }

  private tellPod(pod: SourcePod, revision: number): void {
    const text = JSON.stringify(pod);
    if (this.pods.get(pod.pod) === text) return;
    this.pods.set(pod.pod, text);
    this.listener?.onEvent({ type: 'pod-changed', pod, revision });
  }

  private tell(shard: string, mtimeMs: number): void {
    const event = this.tables.event(shard, this.next(mtimeMs));
    if (event !== null) this.listener?.onEvent(event);
  }

  /** Follows the files' times, so that it goes on growing in another meshd; never the same twice. */
  private next(mtimeMs: number): number {
    this.revision = Math.max(this.revision + 1, Math.floor(mtimeMs));
    return this.revision;
  }

  private forget(shard: string, file: string): void {
    this.tables.delete(shard, file);
    this.signatures.delete(join(this.directory, 'shards', shard, file));
  }

  private async readIfChanged(path: string): Promise<{ text: string; mtimeMs: number; signature: string } | null> {
    const { mtimeMs, size, ino } = await stat(path);
    const signature = `${mtimeMs} ${size} ${ino}`;
    if (this.signatures.get(path) === signature) return null;
    const text = await readFile(path, 'utf8');
    this.signatures.set(path, signature);
    return { text, mtimeMs, signature };
  }

  private watch(folder: string): void {
    if (this.watchers.has(folder) || this.listener === null) return;
    try {
      const watcher = watch(folder, () => this.schedule(this.settleMs));
      watcher.on('error', () => this.unwatch(folder));
      this.watchers.set(folder, watcher);
    } catch {
      // Not there yet, or no notices left: the rescans find what changes.
    }
  }

  private unwatch(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }
}

/** The part files of a folder, sorted; null: there is no such folder. */
async function partsIn(folder: string): Promise<{ files: readonly string[]; mtimeMs: number } | null> {
  try {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
    return { files, mtimeMs: (await stat(folder)).mtimeMs };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
