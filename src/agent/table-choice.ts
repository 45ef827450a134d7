import type { PushedTable } from '../protocol/agent-api';
import { tableDigest } from '../protocol/agent-api';
import type { ModelTable } from '../render/model-table';
import { parseModelTable } from '../render/parse-model-table';
import { agentError, reasonOf } from './reason';

/** A pushed table is left for a newer mounted one once no router has been heard for so long. */
export const pushedLastsMs = 60_000;

export interface ChosenTable {
  readonly table: ModelTable;
  readonly digest: string;
  /** Of a pushed table; 0: mounted. */
  readonly revision: number;
}

interface Held extends ChosenTable {
  readonly at: number;
}

export interface TableOwner {
  readonly fleet: string;
  readonly shard: string;
}

/**
 * Which table the agent goes by. Routers read the API server, the volume lags a minute behind it: so a pushed table wins
 * while routers are heard, and after that until the mounted one changes. A table that cannot be read changes nothing.
 */
export class TableChoice {
  private mounted: Held | null = null;
  private pushed: Held | null = null;
  private mountedDigest: string | null = null;

  constructor(private readonly owner: TableOwner) {}

  /** What is wrong with it; null: nothing, or it is what was there. No part at all is not an empty table. */
  mount(parts: Readonly<Record<string, string>>, now: number): string | null {
    if (Object.keys(parts).length === 0) return null;
    const digest = tableDigest(parts);
    if (digest === this.mountedDigest) return null;
    this.mountedDigest = digest;
    try {
      this.mounted = { table: this.read(parts), digest, revision: 0, at: now };
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** What is wrong with it; null: nothing, or it is older than the pushed one that is there. */
  push({ revision, parts }: PushedTable, now: number): string | null {
    if (this.pushed !== null && revision < this.pushed.revision) return null;
    const digest = tableDigest(parts);
    if (this.pushed !== null && this.pushed.digest === digest) {
      this.pushed = { ...this.pushed, revision };
      return null;
    }
    try {
      this.pushed = { table: this.read(parts), digest, revision, at: now };
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }

  choose(now: number, routersSilentMs: number): ChosenTable | null {
    const { mounted, pushed } = this;
    if (pushed === null) return mounted;
    const outlived =
      routersSilentMs >= pushedLastsMs && mounted !== null && mounted.at > pushed.at && mounted.at <= now;
    return outlived ? mounted : pushed;
  }

  private read(parts: Readonly<Record<string, string>>): ModelTable {
    const table = parseModelTable(parts);
    const { fleet, shard } = table.header;
    if (fleet === this.owner.fleet && shard === this.owner.shard) return table;
    const message = `the table is of shard ${fleet}/${shard}, this pod is of ${this.owner.fleet}/${this.owner.shard}`;
    throw agentError('STW6107', message);
  }
}
