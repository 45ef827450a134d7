import { dimensions, modelDemand } from '../../declare/capacity';
import type { Fleet, Model, Pool } from '../../declare/fleet';
import type { LockedPlacement, Packing } from '../packing';
import { PodRoom } from './pod-room';
import { Site, type SiteClass, tally } from './site';
import { siteClasses } from './site-classes';
import type { RebalancePoint } from './step';

const width = dimensions.length;

/** What Envoy is comfortable with, where no budget says otherwise. */
const usualSets = 2000;

/** What was done, so that it can be undone and told. */
export type Entry =
  | { readonly did: 'transfer'; readonly model: number; readonly from: Site | null; readonly to: Site | null }
  | { readonly did: 'open'; readonly site: Site }
  | { readonly did: 'close'; readonly site: Site }
  | { readonly did: 'resize'; readonly site: Site; readonly before: number; readonly after: number };

/**
 * A placement that copies are moved about in, with what it costs and what it moves against the lockfile kept up to date.
 * Every change is logged and can be undone. Mutable: lives for one search.
 */
export class Board {
  readonly sites: Site[] = [];
  readonly classes: readonly SiteClass[];
  readonly log: Entry[] = [];
  /** Shards that hold each model. */
  readonly held: Site[][];
  readonly copies: Int32Array;
  /** Fits looked at: the measure of work, as a clock would not repeat. */
  work = 0;
  moves = 0;
  moveBytes = 0;
  pods = 0;
  cost = 0;
  readonly room: PodRoom;
  /** Sets of shards past which no new one is made: the router has a cluster for each. */
  readonly mostSets: number;
  private readonly lockedIn: readonly (readonly string[])[];
  private readonly lockedShards: ReadonlyMap<string, { readonly pool: string; readonly replicas: number }>;
  /** Models by the set of shards that hold them. */
  private readonly sets = new Map<string, number>();
  private readonly needs: (number[] | undefined)[][];
  private readonly poolIndex: ReadonlyMap<Pool, number>;

  constructor(
    readonly fleet: Fleet,
    packing: Packing,
    prior: LockedPlacement,
  ) {
    const { models } = fleet;
    const indexOf = new Map(models.map((model, i) => [model.key, i]));
    const locked = new Map(prior.models.map((model) => [model.key, model.shards]));
    this.lockedIn = models.map((model) => locked.get(model.key) ?? []);
    this.lockedShards = new Map(prior.shards.map((shard) => [shard.id, shard]));
    this.held = models.map(() => []);
    this.copies = new Int32Array(models.length);
    this.room = new PodRoom(fleet);
    this.poolIndex = new Map(fleet.pools.map((pool, p) => [pool, p]));
    this.needs = fleet.pools.map(() => new Array<number[] | undefined>(models.length).fill(undefined));
    const { classes, of } = siteClasses(fleet);
    this.classes = classes;
    for (const shard of packing.shards) {
      const first = shard.models[0];
      const pool = fleet.pools.find((candidate) => candidate.name === shard.pool);
      const own = first === undefined ? undefined : of.get(first);
      if (pool === undefined || own === undefined) throw new TypeError(`the packing is of another fleet: ${shard.id}`);
      const site = this.newSite(shard.id, pool, own, shard.replicas);
      for (const key of shard.models) {
        const i = indexOf.get(key) as number;
        site.members.add(i);
        (this.held[i] as Site[]).push(site);
        this.copies[i] = (this.copies[i] as number) + site.replicas;
        if (this.isHome(i, site)) site.home++;
        site.note(this.model(i), 1);
      }
    }
    for (const site of this.sites) for (const i of site.members) this.take(site, i, 1);
    for (let i = 0; i < models.length; i++) this.count(i, 1);
    this.mostSets = Math.max(fleet.budgets.replicaSets?.limit ?? usualSets, this.sets.size);
  }

  model(i: number): Model {
    return this.fleet.models[i] as Model;
  }

  get point(): RebalancePoint {
    return {
      moves: this.moves,
      moveBytes: this.moveBytes,
      pods: this.pods,
      podCostMicrosPerHour: this.cost,
    };
  }

  /** Of all shards that are or were: another Deployment under an old name would be an update of it. */
  takenIds(): ReadonlySet<string> {
    return new Set([...this.lockedShards.keys(), ...this.sites.map((site) => site.id)]);
  }

  get replicaSets(): number {
    return this.sets.size;
  }

  isHome(i: number, site: Site): boolean {
    return (this.lockedIn[i] as readonly string[]).includes(site.id);
  }

  /** What one pod of `pool` gives to the model at as many copies as it has, or would have. */
  need(i: number, of: SiteClass, pool: Pool, copies = this.copies[i] as number): readonly number[] {
    if (copies !== this.copies[i]) return this.demand(i, of, pool, copies);
    const own = this.needs[this.poolIndex.get(pool) as number] as (number[] | undefined)[];
    let need = own[i];
    if (need === undefined) {
      need = this.demand(i, of, pool, copies);
      own[i] = need;
    }
    return need;
  }

  private demand(i: number, of: SiteClass, pool: Pool, copies: number): number[] {
    const demand = modelDemand(this.model(i), pool, of.runtime, Math.max(1, copies));
    return dimensions.map((dimension) => demand[dimension]);
  }

  /** May a copy leave `from` for `to`? null: the copy just ends. */
  allows(i: number, from: Site, to: Site | null): boolean {
    this.work++;
    const before = this.copies[i] as number;
    const after = before - from.replicas + (to === null ? 0 : to.replicas);
    const model = this.model(i);
    if (after < model.replicas) return false;
    if (to !== null) {
      const need = this.need(i, to.of, to.pool, after);
      const { free } = to;
      for (let d = 0; d < width; d++) if ((need[d] as number) > (free[d] as number)) return false;
      if (to.members.has(i) || !to.welcomes(model)) return false;
    }
    // Fewer copies: each that stays takes more of the load.
    if (after < before)
      for (const site of this.held[i] as Site[]) if (site !== from && !this.bears(site, i, after)) return false;
    return true;
  }

  /** Would the site hold the model's part of the load at that many copies? */
  bears(site: Site, i: number, copies: number): boolean {
    const now = this.need(i, site.of, site.pool);
    const then = this.need(i, site.of, site.pool, copies);
    return now.every((had, d) => (then[d] as number) - had <= (site.free[d] as number));
  }

  transfer(i: number, from: Site | null, to: Site | null): void {
    this.log.push({ did: 'transfer', model: i, from, to });
    this.swapCopies(i, from, to);
  }

  /** A shard of `pool` with nothing in it. */
  open(id: string, pool: Pool, of: SiteClass, replicas: number): Site {
    const site = this.newSite(id, pool, of, replicas);
    this.log.push({ did: 'open', site });
    return site;
  }

  close(site: Site): void {
    if (site.members.size > 0) throw new RangeError(`shard ${site.id} is not empty`);
    this.log.push({ did: 'close', site });
    this.shut(site, true);
  }

  resize(site: Site, replicas: number): void {
    this.log.push({ did: 'resize', site, before: site.replicas, after: replicas });
    this.setReplicas(site, replicas);
  }

  undoTo(mark: number): void {
    while (this.log.length > mark) {
      const entry = this.log.pop() as Entry;
      if (entry.did === 'transfer') this.swapCopies(entry.model, entry.to, entry.from);
      else if (entry.did === 'close') this.shut(entry.site, false);
      else if (entry.did === 'resize') this.setReplicas(entry.site, entry.before);
      else {
        this.shut(entry.site, true);
        this.sites.pop();
      }
    }
  }

  /** Is there a model already with the set of shards that this one would have? */
  knowsSet(i: number, from: Site, to: Site): boolean {
    const sites = (this.held[i] as Site[]).filter((site) => site !== from);
    return this.sets.has(setName([...sites, to]));
  }

  private newSite(id: string, pool: Pool, of: SiteClass, replicas: number): Site {
    const capacity = of.capacity.get(pool.name);
    if (capacity === undefined) throw new TypeError(`pool ${pool.name} is not in class ${of.sharing.key}`);
    const site = new Site(this.sites.length, id, pool, of, replicas, capacity);
    this.sites.push(site);
    this.weigh(site, 1);
    return site;
  }

  private shut(site: Site, closed: boolean): void {
    site.open = !closed;
    this.weigh(site, closed ? -1 : 1);
  }

  private weigh(site: Site, sign: 1 | -1): void {
    this.pods += sign * site.replicas;
    this.cost += sign * site.price;
    this.room.add(site.pool, site.of.owner, sign * site.replicas);
  }

  private setReplicas(site: Site, replicas: number): void {
    this.weigh(site, -1);
    const by = replicas - site.replicas;
    for (const i of site.members) this.count(i, -1);
    site.replicas = replicas;
    for (const i of site.members) {
      this.setCopies(i, (this.copies[i] as number) + by);
      this.count(i, 1);
    }
    this.weigh(site, 1);
  }

  private swapCopies(i: number, from: Site | null, to: Site | null): void {
    this.count(i, -1);
    const sites = this.held[i] as Site[];
    if (from !== null) {
      this.take(from, i, -1);
      from.members.delete(i);
      sites.splice(sites.indexOf(from), 1);
      if (this.isHome(i, from)) from.home--;
      from.note(this.model(i), -1);
    }
    this.setCopies(i, (this.copies[i] as number) - (from?.replicas ?? 0) + (to?.replicas ?? 0));
    if (to !== null) {
      to.members.add(i);
      sites.push(to);
      if (this.isHome(i, to)) to.home++;
      to.note(this.model(i), 1);
      this.take(to, i, 1);
    }
    this.count(i, 1);
  }

  private setCopies(i: number, copies: number): void {
    if (copies === this.copies[i]) return;
    const sites = this.held[i] as Site[];
    for (const site of sites) this.take(site, i, -1);
    this.copies[i] = copies;
    for (const own of this.needs) own[i] = undefined;
    for (const site of sites) this.take(site, i, 1);
  }

  private take(site: Site, i: number, sign: 1 | -1): void {
    const need = this.need(i, site.of, site.pool);
    const { free } = site;
    for (let d = 0; d < width; d++) free[d] = (free[d] as number) - sign * (need[d] as number);
  }

  /** Adds what the model counts for, or takes it away. */
  private count(i: number, sign: 1 | -1): void {
    const sites = this.held[i] as Site[];
    const locked = this.lockedIn[i] as readonly string[];
    let stayed = 0;
    let fetching = 0;
    for (const site of sites) {
      if (locked.includes(site.id)) {
        stayed++;
        const before = this.lockedShards.get(site.id);
        fetching += before?.pool === site.pool.name ? Math.max(0, site.replicas - before.replicas) : site.replicas;
      } else fetching += site.replicas;
    }
    this.moves += sign * Math.min(locked.length - stayed, sites.length - stayed);
    this.moveBytes += sign * fetching * this.model(i).footprint.diskBytes;
    if (sites.length > 0) tally(this.sets, setName(sites), sign);
  }
}

function setName(sites: readonly Site[]): string {
  if (sites.length === 1) return String((sites[0] as Site).index);
  return sites
    .map((site) => site.index)
    .sort((a, b) => a - b)
    .join();
}
