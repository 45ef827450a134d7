import type { MeshState, ServiceState } from '../../protocol/mesh-state';
import type { ModelRoute } from '../route-state';
import { EndpointList } from './endpoint-list';
import type { ControlAction, ControlEvent } from './events';
import { InForce } from './in-force';
import { NameIndex } from './name-index';
import type { ControlOptions } from './options';
import { orderFor } from './orders';
import { Planner } from './planner';
import type { Group, PodRecord } from './records';
import { RouteList } from './route-list';
import { countStates, type StateQuery, shardStates } from './state-view';
import { World } from './world';

const firstRetryMs = 1_000;
const lastRetryMs = 30_000;

/**
 * Decides what Envoy routes where and what agents may unload. Events in, actions out: no clock, no I/O. Events only note
 * what changed; a `tick` plans, over what changed since the last one. At most one push is under way.
 */
export class Control {
  private readonly list = new RouteList();
  private readonly names: NameIndex;
  private readonly world: World;
  private readonly endpoints = new EndpointList();
  private readonly inForce: InForce;
  private readonly planner: Planner;
  private aliasRevision = 0;
  private aliasProblem: string | null = null;
  private pushed: readonly ModelRoute[] = [];
  private now = 0;
  private syncedAt: number | null = null;
  private synced = false;
  private started = false;
  private push = 0;
  private underWay = false;
  private acked = false;
  /** Before it, what an earlier meshd made Envoy do may still be under way: nothing is released. */
  private releasesFrom: number | null = null;
  private releasing = false;
  private refusals = 0;
  private retryAt: number | null = null;
  private refusedWhy: string | null = null;
  private readonly unreleased = new Set<PodRecord>();

  constructor(private readonly options: ControlOptions) {
    this.names = new NameIndex(this.list, options);
    this.world = new World(this.names);
    this.inForce = new InForce(options.drainMs);
    this.planner = new Planner(this.world, this.names, this.inForce, this.endpoints, options);
  }

  step(event: ControlEvent): readonly ControlAction[] {
    const { world } = this;
    const actions: ControlAction[] = [];
    switch (event.type) {
      case 'table-changed':
        world.tableChanged(event.shard, event.table);
        break;
      case 'table-broken':
        world.tableBroken(event.shard, event.revision, event.problem);
        break;
      case 'table-removed':
        world.tableRemoved(event.shard, event.revision);
        break;
      case 'aliases-changed':
        if (event.revision < this.aliasRevision) break;
        this.aliasRevision = event.revision;
        this.aliasProblem = null;
        this.names.setAliases(event.aliases);
        break;
      case 'aliases-broken':
        if (event.revision < this.aliasRevision) break;
        this.aliasRevision = event.revision;
        this.aliasProblem = event.problem;
        break;
      case 'pod-changed':
        world.podChanged(event.pod, event.revision);
        break;
      case 'pod-removed':
        if (world.podRemoved(event.pod, event.revision)) actions.push({ type: 'forget-agent', pod: event.pod });
        break;
      case 'source-synced':
        this.synced = true;
        break;
      case 'agent-report': {
        world.agentReport(event);
        const pod = world.pods.get(event.pod);
        if (pod !== undefined) this.unreleased.add(pod);
        break;
      }
      case 'agent-lost':
        world.agentLost(event.pod);
        break;
      case 'routes-acked':
        if (event.push === this.push && this.underWay) this.onAcked();
        break;
      case 'routes-refused':
        if (event.push === this.push && this.underWay) this.onRefused(event.reason);
        break;
      case 'tick':
        this.now = Math.max(this.now, event.nowMs);
        this.tick(actions);
        break;
    }
    for (const pod of world.dirtyOrders) actions.push({ type: 'sync-agent', order: orderFor(pod, this.mayRelease) });
    world.dirtyOrders.clear();
    return actions;
  }

  /** As last pushed. */
  get routes(): readonly ModelRoute[] {
    return this.pushed;
  }

  /** Envoy has acknowledged routes of this control. */
  get ready(): boolean {
    return this.acked;
  }

  /** What should be, what is, and why they differ. */
  view(query: StateQuery): Omit<MeshState, 'fleet' | 'router' | 'source'> {
    return {
      ready: this.acked,
      routes: { names: this.list.size, underWay: this.underWay, refused: this.refusedWhy },
      aliases: { problem: this.aliasProblem, list: query.models === 'none' ? [] : this.names.aliasStates() },
      models: this.countModels(),
      shards: shardStates(this.world, query),
    };
  }

  countModels(): Readonly<Record<ServiceState, number>> {
    return countStates(this.world);
  }

  /** A plan would find something to do, or time alone may bring it. */
  get pending(): boolean {
    const { dirtyShards, dirtyModels } = this.world;
    const dirty = dirtyShards.size > 0 || dirtyModels.size > 0 || this.names.changed;
    return !this.underWay && (dirty || !this.started);
  }

  private get mayRelease(): boolean {
    return this.releasesFrom !== null && this.now >= this.releasesFrom;
  }

  private onAcked(): void {
    this.underWay = false;
    this.acked = true;
    this.refusals = 0;
    this.refusedWhy = null;
    this.inForce.acked();
  }

  private onRefused(reason: string): void {
    this.underWay = false;
    this.retryAt = this.now + Math.min(lastRetryMs, firstRetryMs * 2 ** this.refusals);
    this.refusals++;
    this.refusedWhy = reason;
  }

  private tick(actions: ControlAction[]): void {
    const { groups, models } = this.inForce.tick(this.now);
    for (const model of models) this.world.dirtyModels.add(model);
    for (const group of groups) this.revisit(group);
    if (this.acked && this.releasesFrom === null) this.releasesFrom = this.now + this.options.drainMs;
    if (this.mayRelease && !this.releasing) {
      this.releasing = true;
      for (const pod of this.world.pods.values()) this.world.dirtyOrders.add(pod);
    }
    this.started ||= this.mayStart();
    const ready = this.started && !this.underWay && (this.retryAt === null || this.now >= this.retryAt);
    if (!ready) return;
    const again = this.retryAt !== null;
    this.retryAt = null;
    this.planner.plan(this.now, this.push === 0);
    this.release();
    if (this.push === 0 || again || this.list.changed || this.endpoints.changed) {
      this.underWay = true;
      this.push++;
      const state = { routes: this.list.current(), shards: this.endpoints.current() };
      this.pushed = state.routes;
      actions.push({ type: 'push', push: this.push, state });
    }
  }

  /** An earlier meshd's routes are in force until the first push: it must know all that they rest on. */
  private mayStart(): boolean {
    if (!this.synced) return false;
    this.syncedAt ??= this.now;
    if (this.now - this.syncedAt >= this.options.startPatienceMs) return true;
    for (const pod of this.world.pods.values()) {
      if (pod.info.alive && pod.instance === null && !pod.lost) return false;
    }
    return true;
  }

  /** Lets go what agents wait to unload, where no route that may be in force needs it. */
  private release(): void {
    if (!this.mayRelease) return;
    for (const pod of this.unreleased) {
      for (const model of pod.leaving) {
        if (pod.released.has(model) || model.slots.some(({ group }) => group.covers(pod))) continue;
        pod.released.add(model);
        this.world.dirtyOrders.add(pod);
      }
    }
    this.unreleased.clear();
  }

  private revisit(group: Group): void {
    for (const { shard } of group.parts) {
      this.world.dirtyShards.add(shard);
      for (const pod of shard.pods.values()) {
        this.world.dirtyOrders.add(pod);
        this.unreleased.add(pod);
      }
    }
  }
}
