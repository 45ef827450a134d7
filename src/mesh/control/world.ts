import type { ModelReport } from '../../protocol/agent-api';
import type { ModelTableEntry } from '../../render/model-table';
import type { AgentReportEvent, SourcePod, SourceTable } from './events';
import type { NameIndex } from './name-index';
import { type Listing, ModelRecord, PodRecord, ShardRecord, splitKey, without } from './records';

/** Models to look at, each once: far cheaper than a Set where it is filled with all of them. */
export class Pile {
  private list: ModelRecord[] = [];

  get size(): number {
    return this.list.length;
  }

  add(model: ModelRecord): void {
    if (model.piled) return;
    model.piled = true;
    this.list.push(model);
  }

  take(): readonly ModelRecord[] {
    const taken = this.list;
    this.list = [];
    for (const model of taken) model.piled = false;
    return taken;
  }
}

/** All that sources and agents have said. Says what became different; decides nothing. */
export class World {
  readonly shards = new Map<string, ShardRecord>();
  readonly pods = new Map<string, PodRecord>();
  /** By served name. */
  readonly models = new Map<string, ModelRecord>();
  /** To be looked at in the next plan. */
  readonly dirtyShards = new Set<ShardRecord>();
  readonly dirtyModels = new Pile();
  /** Pods whose agents should hear something else. */
  readonly dirtyOrders = new Set<PodRecord>();
  private readonly seen = new Map<string, number>();

  constructor(private readonly names: NameIndex) {}

  tableChanged(id: string, table: SourceTable): void {
    if (this.stale(`t ${id}`, table.revision)) return;
    const shard = this.shard(id);
    shard.problem = null;
    shard.orphaned = false;
    const before = shard.listed;
    const { models, header } = table.table;
    const listed = new Map(models.map((entry) => [this.model(entry.served, entry.model), listingOf(entry)]));
    for (const model of before.keys()) if (!listed.has(model)) this.unlist(model, shard);
    for (const model of listed.keys()) {
      if (before.has(model)) continue;
      list(model, shard);
      model.endsAt = null;
      this.names.touch(model);
    }
    const { revision, digest, parts } = table;
    shard.table = { revision, digest, parts };
    shard.listed = listed;
    shard.header = header;
    this.touch(shard);
  }

  tableBroken(id: string, revision: number, problem: string): void {
    if (this.stale(`t ${id}`, revision)) return;
    this.shard(id).problem = problem;
  }

  /** What the shard holds stays in service until its pods are gone: a table may have been removed by mistake. */
  tableRemoved(id: string, revision: number): void {
    if (this.stale(`t ${id}`, revision)) return;
    const shard = this.shards.get(id);
    if (shard === undefined) return;
    shard.orphaned = true;
    this.touch(shard);
    this.endOrphan(shard);
  }

  podChanged(info: SourcePod, revision: number): void {
    if (this.stale(`p ${info.pod}`, revision)) return;
    let pod = this.pods.get(info.pod);
    if (pod !== undefined && pod.shard.id !== info.shard) {
      this.detach(pod);
      pod = undefined;
    }
    if (pod === undefined) {
      pod = new PodRecord(info, this.shard(info.shard));
      this.pods.set(info.pod, pod);
      pod.shard.pods.set(info.pod, pod);
    }
    pod.info = info;
    this.touch(pod.shard);
  }

  podRemoved(name: string, revision: number): boolean {
    if (this.stale(`p ${name}`, revision)) return false;
    const pod = this.pods.get(name);
    if (pod === undefined) return false;
    this.detach(pod);
    return true;
  }

  agentLost(name: string): void {
    const pod = this.pods.get(name);
    if (pod === undefined || pod.lost) return;
    pod.lost = true;
    this.touch(pod.shard);
  }

  agentReport({ pod: name, asked, response }: AgentReportEvent): void {
    const pod = this.pods.get(name);
    // An address may have passed on to another pod.
    if (pod === undefined || response.pod !== name || response.shard !== pod.shard.id) return;
    this.dirtyOrders.add(pod);
    if (response.instance === pod.instance) {
      if (response.revision < pod.revision) return;
      if (!response.full && (asked.instance !== pod.instance || asked.since > pod.revision)) return;
    } else {
      // A request from before the known instance was heard may be answered late by the one before it.
      if (!response.full || asked.instance !== pod.instance) return;
      pod.instance = response.instance;
      pod.told = null;
      pod.tableProblem = null;
      this.forgetModels(pod);
      this.dirtyShards.add(pod.shard);
    }
    if (asked.tableDigest !== null) {
      pod.told = asked.tableDigest;
      pod.tableProblem = response.tableProblem;
    }
    if (pod.lost || pod.serving !== response.serving || response.models.length > 0 || response.full) {
      this.dirtyShards.add(pod.shard);
    }
    pod.lost = false;
    pod.serving = response.serving;
    pod.revision = response.revision;
    pod.tableDigest = response.tableDigest;
    pod.tableRevision = response.tableRevision;
    if (response.full) {
      const reported = new Set(response.models.map(({ served }) => served));
      for (const model of [...pod.models.keys()]) if (!reported.has(model.served)) this.setHeld(pod, model, null);
    }
    // Agents report in their table's order: far cheaper to follow than to look up each name.
    const expected = pod.shard.listed.keys();
    let next = expected.next().value;
    for (const report of response.models) {
      const model = next?.served === report.served ? next : this.model(report.served, report.model);
      if (model === next) next = expected.next().value;
      this.setHeld(pod, model, report);
    }
  }

  /** Forgets a model that nobody speaks of any more. */
  forgetIfUnused(model: ModelRecord): boolean {
    const { listings, holders, slots, target, wanted } = model;
    if (listings.length + holders.length + slots.length > 0 || target !== null || wanted !== null) return false;
    if (this.models.get(model.served) !== model) return false;
    this.models.delete(model.served);
    this.names.remove(model);
    return true;
  }

  forgetIfEmpty(shard: ShardRecord): boolean {
    const { table, problem, pods, groups } = shard;
    if (table !== null || problem !== null || pods.size + groups.size > 0) return false;
    return this.shards.delete(shard.id);
  }

  private setHeld(pod: PodRecord, model: ModelRecord, report: ModelReport | null): void {
    this.dirtyModels.add(model);
    const before = pod.models.get(model);
    if (before?.state === 'waiting') pod.waiting--;
    if (report?.state !== 'leaving') {
      pod.leaving.delete(model);
      pod.released.delete(model);
    }
    if (report === null || report.state === 'gone') {
      pod.models.delete(model);
      model.holders = without(model.holders, pod);
      return;
    }
    if (before === undefined) model.holders = [...model.holders, pod];
    if (report.state === 'waiting') pod.waiting++;
    if (report.state === 'leaving') pod.leaving.add(model);
    if (model.listings.length === 0) model.residency = report.residency;
    // With the record's own names, so that the copies of each report are let go.
    const { state, residency, reason, memoryBytes, declaredBytes } = report;
    const { key, served } = model;
    pod.models.set(model, { model: key, served, state, residency, reason, memoryBytes, declaredBytes });
  }

  private forgetModels(pod: PodRecord): void {
    for (const model of [...pod.models.keys()]) this.setHeld(pod, model, null);
  }

  private detach(pod: PodRecord): void {
    const { shard } = pod;
    this.forgetModels(pod);
    this.pods.delete(pod.info.pod);
    shard.pods.delete(pod.info.pod);
    this.touch(shard);
    this.dirtyOrders.delete(pod);
    this.endOrphan(shard);
  }

  private endOrphan(shard: ShardRecord): void {
    if (!shard.orphaned || shard.pods.size > 0) return;
    for (const model of shard.listed.keys()) this.unlist(model, shard);
    shard.listed = new Map();
    shard.table = null;
  }

  private unlist(model: ModelRecord, shard: ShardRecord): void {
    model.listings = without(model.listings, shard);
    this.dirtyModels.add(model);
    this.names.touch(model);
  }

  private touch(shard: ShardRecord): void {
    this.dirtyShards.add(shard);
    for (const pod of shard.pods.values()) this.dirtyOrders.add(pod);
  }

  private shard(id: string): ShardRecord {
    let shard = this.shards.get(id);
    if (shard === undefined) {
      shard = new ShardRecord(id);
      this.shards.set(id, shard);
    }
    return shard;
  }

  private model(served: string, key: string): ModelRecord {
    let model = this.models.get(served);
    if (model === undefined) {
      const { tenant, name, version } = splitKey(key);
      model = new ModelRecord(served, key, tenant, name, version);
      this.models.set(served, model);
      this.names.add(model);
    }
    return model;
  }

  /** Notes the revision; true: something newer was known already. */
  private stale(what: string, revision: number): boolean {
    const known = this.seen.get(what);
    if (known !== undefined && revision < known) return true;
    // Back to the end: what has not been spoken of for longest is forgotten first.
    this.seen.delete(what);
    this.seen.set(what, revision);
    if (this.seen.size > 20_000 + 2 * (this.shards.size + this.pods.size)) {
      for (const oldest of this.seen.keys()) {
        this.seen.delete(oldest);
        break;
      }
    }
    return false;
  }
}

const plain: Readonly<Record<ModelTableEntry['residency'], Listing>> = {
  resident: { residency: 'resident' },
  'on-demand': { residency: 'on-demand' },
};

function listingOf({ residency, timeoutMs }: ModelTableEntry): Listing {
  return timeoutMs === undefined ? plain[residency] : { residency, timeoutMs };
}

function list(model: ModelRecord, shard: ShardRecord): void {
  const before = model.listings.filter(({ id }) => id < shard.id);
  model.listings = [...before, shard, ...model.listings.slice(before.length)];
}
