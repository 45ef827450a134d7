import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelTableEntry } from '../../render/model-table';
import { bytesText } from '../core/admission';
import { agentError } from '../reason';
import { folderBytes } from './folder-bytes';
import type { Credentials } from './source';
import { sourceOf } from './sources';
import { isArchive, unpack } from './untar';

/** What the store needs of a model. */
export type Stored = Pick<ModelTableEntry, 'served' | 'storageUri' | 'format'>;

/** Kept free on the disk whatever is declared. */
const reserveBytes = 64 * 2 ** 20;

export interface StoreOptions {
  /** A hidden folder of the repository: the server shares that disk, and sees the same paths. */
  readonly root: string;
  readonly credentials: Credentials;
  readonly claims: string;
  /** Bytes of all model files together. */
  readonly capacityBytes: () => number;
}

/**
 * Model files on the pod's disk: `files/<served>/<digest of what was asked for>`, whole or not there at all. What a
 * broken fetch left is in `partial/`, and is continued.
 */
export class Store {
  private readonly sizes = new Map<string, number>();
  private underWay = 0;
  private readonly chains = new Map<string, Promise<unknown>>();

  constructor(private readonly options: StoreOptions) {}

  /** Measures what an earlier agent left. */
  async open(): Promise<void> {
    const files = join(this.options.root, 'files');
    await mkdir(files, { recursive: true });
    for (const served of await readdir(files)) {
      for (const digest of await readdir(join(files, served))) {
        const folder = join(files, served, digest);
        this.sizes.set(folder, await folderBytes(folder));
      }
    }
  }

  has(entry: Stored): boolean {
    return this.sizes.has(this.folderOf(entry));
  }

  folderOf({ served, storageUri, format }: Stored): string {
    const digest = createHash('sha256')
      .update(JSON.stringify([storageUri, format]))
      .digest('hex')
      .slice(0, 16);
    return join(this.options.root, 'files', served, digest);
  }

  get usedBytes(): number {
    return [...this.sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * Resolves with the bytes that came, when the files are there.
   * @throws StowageError STW6101 to STW6104
   */
  fetch(entry: Stored, signal: AbortSignal): Promise<number> {
    return this.inTurn(entry.served, async () => {
      const folder = this.folderOf(entry);
      if (this.sizes.has(folder)) return 0;
      const source = sourceOf(entry.storageUri);
      const partial = folder.replace(join(this.options.root, 'files'), join(this.options.root, 'partial'));
      await mkdir(partial, { recursive: true });
      // What an earlier try left is on the disk already, but not yet among the files.
      const free = await this.freeBytes(await folderBytes(partial));
      let taken = 0;
      const reserve = (bytes: number): void => {
        if (this.underWay + bytes > free) {
          const message = `${entry.storageUri} needs ${bytesText(bytes)} more of disk, ${bytesText(Math.max(0, free - this.underWay))} is left`;
          throw agentError('STW6104', message);
        }
        this.underWay += bytes;
        taken += bytes;
      };
      try {
        await source(entry.storageUri, partial, { ...this.options, signal, reserve });
        await unpackArchive(partial, reserve);
        await mkdir(join(folder, '..'), { recursive: true });
        await rename(partial, folder);
        this.sizes.set(folder, await folderBytes(folder));
      } catch (error) {
        // Only downloads can be continued.
        if (/^(file|pvc):/i.test(entry.storageUri)) await rm(partial, { recursive: true, force: true });
        throw error;
      } finally {
        this.underWay -= taken;
      }
      return taken;
    });
  }

  /** Removes all files of a model, but those of `keep`. */
  discard(served: string, ...keep: readonly Stored[]): Promise<void> {
    return this.inTurn(served, async () => {
      const kept = new Set(keep.map((entry) => this.folderOf(entry)));
      for (const area of ['files', 'partial']) {
        const all = join(this.options.root, area, served);
        for (const name of await readdir(all).catch(() => [])) {
          const folder = join(all, name);
          if (kept.has(folder)) continue;
          this.sizes.delete(folder);
          await rm(folder, { recursive: true, force: true });
        }
        if (kept.size === 0 || area === 'partial') await rm(all, { recursive: true, force: true });
      }
    });
  }

  /** What is left of the declared room and of the disk itself. */
  private async freeBytes(partialBytes: number): Promise<number> {
    const { bavail, bsize } = await statfs(this.options.root);
    return Math.min(this.options.capacityBytes() - this.usedBytes - partialBytes, bavail * bsize - reserveBytes);
  }

  /** One thing at a time for one model: a fetch after a discard must not meet its end. */
  private inTurn<T>(served: string, work: () => Promise<T>): Promise<T> {
    const before = this.chains.get(served) ?? Promise.resolve();
    const next = before.then(work, work);
    const settled = next
      .catch(() => undefined)
      .then(() => {
        if (this.chains.get(served) === settled) this.chains.delete(served);
      });
    this.chains.set(served, settled);
    return next;
  }
}

/** An archive that is all there is gives its contents. */
async function unpackArchive(folder: string, reserve: (bytes: number) => void): Promise<void> {
  const [name, ...rest] = await readdir(folder);
  if (name === undefined || rest.length > 0 || !isArchive(name)) return;
  const archive = `${folder}.archive-${name}`;
  await rename(join(folder, name), archive);
  try {
    await unpack(archive, folder, reserve);
  } finally {
    await rm(archive, { force: true });
  }
}
