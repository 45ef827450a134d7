import { StowageError } from '../../errors/stowage-error';
import { tableDigest } from '../../protocol/agent-api';
import { parseModelTable } from '../../render/parse-model-table';
import type { SourceEvent } from './cluster-source';

interface ShardParts {
  /** Name of the object or file -> its part files. */
  readonly objects: Map<string, Readonly<Record<string, string>>>;
  /** Of the last table told; null: none, or broken. */
  digest: string | null;
}

/** Puts shards' tables together from the parts that a source reads, and says what changed. */
export class ShardTables {
  private readonly shards = new Map<string, ShardParts>();

  get ids(): readonly string[] {
    return [...this.shards.keys()];
  }

  objectsOf(shard: string): readonly string[] {
    return [...(this.shards.get(shard)?.objects.keys() ?? [])];
  }

  set(shard: string, object: string, files: Readonly<Record<string, string>>): void {
    let parts = this.shards.get(shard);
    if (parts === undefined) {
      parts = { objects: new Map(), digest: null };
      this.shards.set(shard, parts);
    }
    parts.objects.set(object, files);
  }

  delete(shard: string, object: string): void {
    this.shards.get(shard)?.objects.delete(object);
  }

  /** What to tell about the shard, of which all is known as of the revision; null: nothing new. */
  event(shard: string, revision: number): SourceEvent | null {
    const known = this.shards.get(shard);
    if (known === undefined) return null;
    if (known.objects.size === 0) {
      this.shards.delete(shard);
      return { type: 'table-removed', shard, revision };
    }
    const parts = Object.assign({}, ...known.objects.values()) as Record<string, string>;
    const digest = tableDigest(parts);
    if (digest === known.digest) return null;
    known.digest = digest;
    try {
      const table = parseModelTable(parts);
      if (table.header.shard !== shard) {
        return { type: 'table-broken', shard, revision, problem: `it is the table of shard ${table.header.shard}` };
      }
      return { type: 'table-changed', shard, table: { revision, digest, parts, table } };
    } catch (error) {
      if (!StowageError.is(error)) throw error;
      return { type: 'table-broken', shard, revision, problem: error.message };
    }
  }
}
