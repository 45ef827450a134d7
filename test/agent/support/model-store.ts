import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialsFrom } from '../../../src/agent/storage/credentials';
import { Store } from '../../../src/agent/storage/store';
import { entry } from './tables';

const model = (uri: string) => entry({ name: 'a', uri });

/** A store in a folder of its own, with a mounted Secret. */
export class ModelStore {
  readonly root = mkdtempSync(join(tmpdir(), 'stowage-storage-'));
  private store = this.made(2 ** 30);

  constructor() {
    mkdirSync(join(this.root, 'secret'));
  }

  secret(name: string, text: string): void {
    writeFileSync(join(this.root, 'secret', name), text);
  }

  /** As an agent that has started anew has it. */
  reopen(capacity = 2 ** 30): void {
    this.store = this.made(capacity);
  }

  async fetch(uri: string): Promise<number> {
    await this.store.open();
    return this.store.fetch(model(uri), AbortSignal.timeout(20_000));
  }

  has(uri: string): boolean {
    return existsSync(this.store.folderOf(model(uri)));
  }

  /** Paths and texts of what was fetched. */
  contents(uri: string): Record<string, string> {
    const folder = this.store.folderOf(model(uri));
    const all: Record<string, string> = {};
    for (const item of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(item.parentPath, item.name);
      if (item.isFile()) all[path.slice(folder.length + 1)] = readFileSync(path, 'utf8');
    }
    return all;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private made(capacity: number): Store {
    return new Store({
      root: join(this.root, 'store'),
      credentials: credentialsFrom(join(this.root, 'secret')),
      claims: join(this.root, 'claims'),
      capacityBytes: () => capacity,
    });
  }
}
