import { setTimeout as sleep } from 'node:timers/promises';
import type { SourcePod } from '../../../src/mesh/control/events';
import type { SourceEvent, SourceListener } from '../../../src/mesh/source/cluster-source';

/** What a source has told so far. */
export class Heard implements SourceListener {
  readonly events: SourceEvent[] = [];
  readonly tables: Record<string, readonly string[]> = {};
  readonly broken: Record<string, string> = {};
  readonly pods: Record<string, SourcePod> = {};
  /** alias -> its targets, as `model weight` */
  aliases: Record<string, readonly string[]> = {};
  brokenAliases: string | null = null;
  synced = false;
  problem: string | null = null;
  revisionsGrow = true;
  private readonly revisions = new Map<string, number>();

  onEvent(event: SourceEvent): void {
    this.events.push(event);
    if (event.type === 'source-synced') {
      this.synced = true;
      return;
    }
    const revision = event.type === 'table-changed' ? event.table.revision : event.revision;
    const what =
      'shard' in event
        ? `t ${event.shard}`
        : 'pod' in event
          ? `p ${typeof event.pod === 'string' ? event.pod : event.pod.pod}`
          : 'aliases';
    if (revision < (this.revisions.get(what) ?? 0)) this.revisionsGrow = false;
    this.revisions.set(what, revision);
    if (event.type === 'table-changed') {
      this.tables[event.shard] = event.table.table.models.map(({ model }) => model);
      delete this.broken[event.shard];
    } else if (event.type === 'table-broken') this.broken[event.shard] = event.problem;
    else if (event.type === 'table-removed') delete this.tables[event.shard];
    else if (event.type === 'aliases-changed') {
      const shown = (targets: readonly { model: string; weight: number }[]) =>
        targets.map(({ model, weight }) => `${model} ${weight}`);
      this.aliases = Object.fromEntries(event.aliases.map(({ alias, targets }) => [alias, shown(targets)]));
      this.brokenAliases = null;
    } else if (event.type === 'aliases-broken') this.brokenAliases = event.problem;
    else if (event.type === 'pod-changed') this.pods[event.pod.pod] = event.pod;
    else delete this.pods[event.pod];
  }

  onProblem(problem: string | null): void {
    this.problem = problem;
  }

  async until(fact: () => boolean, ms = 20_000): Promise<void> {
    for (let waited = 0; !fact(); waited += 20) {
      if (waited > ms) throw new Error(`not heard in ${ms} ms: ${fact}`);
      await sleep(20);
    }
  }
}
