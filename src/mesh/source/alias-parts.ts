import { StowageError } from '../../errors/stowage-error';
import { tableDigest } from '../../protocol/agent-api';
import { parseRouteTable } from '../../render/parse-route-table';
import type { SourceEvent } from './cluster-source';

/** Puts the route table together from the parts that a source reads, and says when it changed. */
export class AliasParts {
  /** Name of the object or file -> its part files. */
  private readonly objects = new Map<string, Readonly<Record<string, string>>>();
  /** Of the last table told. */
  private digest = tableDigest({});

  get names(): readonly string[] {
    return [...this.objects.keys()];
  }

  set(object: string, files: Readonly<Record<string, string>>): void {
    this.objects.set(object, files);
  }

  /** True: it was a part. */
  delete(object: string): boolean {
    return this.objects.delete(object);
  }

  /** What to tell, where all is known as of the revision; null: nothing new. */
  event(revision: number): SourceEvent | null {
    const parts = Object.assign({}, ...this.objects.values()) as Record<string, string>;
    const digest = tableDigest(parts);
    if (digest === this.digest) return null;
    this.digest = digest;
    try {
      return { type: 'aliases-changed', revision, aliases: parseRouteTable(parts).aliases };
    } catch (error) {
      if (!StowageError.is(error)) throw error;
      return { type: 'aliases-broken', revision, problem: error.message };
    }
  }
}
