import { Control } from '../../../src/mesh/control/control';
import type { ControlAction, ControlEvent, SyncOrder } from '../../../src/mesh/control/events';
import { type ControlOptions, defaultControlOptions } from '../../../src/mesh/control/options';
import type { RouteState } from '../../../src/mesh/route-state';
import { parseSyncResponse, type SyncRequest, type SyncResponse } from '../../../src/protocol/agent-api';
import { FakeAgent } from './fake-agent';
import { entry, servedOf, sourcePod, sourceTable } from './tables';

interface InForceState {
  readonly state: RouteState;
  readonly life: number;
  /** When Envoy acknowledged something else; Infinity: it may act on it. */
  endedAt: number;
}

interface Flight {
  readonly order: SyncOrder;
  readonly router: string;
  /** What the agent answered; null: it has not got the request yet. */
  answer: string | null;
}

/** One meshd with its Envoy, and all that is under way to and from it. */
export class FakeRouter {
  control: Control;
  life = 0;
  sourceEvents: ControlEvent[] = [];
  flights: Flight[] = [];
  orders = new Map<string, SyncOrder>();
  inForce: InForceState[] = [];
  push: { number: number; state: RouteState } | null = null;
  /** Pod -> what of its agent the control has processed. */
  processed = new Map<string, { instance: string; revision: number }>();
  knownGone = new Set<string>();
  /** It was told that an agent is lost. */
  lost = false;

  constructor(
    readonly name: string,
    private readonly options: ControlOptions,
  ) {
    this.control = new Control(options);
  }

  get id(): string {
    return `${this.name}-${this.life}`;
  }

  restart(): void {
    this.life++;
    this.control = new Control(this.options);
    this.sourceEvents = [];
    this.flights = [];
    this.orders.clear();
    this.push = null;
    this.processed.clear();
    this.knownGone.clear();
  }
}

export interface FakePod {
  readonly shard: string;
  alive: boolean;
  agent: FakeAgent;
}

export const options: ControlOptions = { ...defaultControlOptions, open: false, copyPatienceMs: 60_000 };

/** A cluster of shards, pods and agents, routers beside it, and the rules that must hold at every moment. */
export class FakeMesh {
  now = 1000;
  readonly tables = new Map<string, { revision: number; keys: readonly string[]; removed: boolean }>();
  readonly pods = new Map<string, FakePod>();
  readonly poisoned = new Set<string>();
  readonly routers: FakeRouter[];
  private revision = 0;
  private instances = 0;

  constructor(
    routers: number,
    private readonly room = 1000,
  ) {
    this.routers = Array.from({ length: routers }, (_, i) => {
      const router = new FakeRouter(`router-${i}`, options);
      this.tell(router);
      return router;
    });
  }

  apply(shard: string, keys: readonly string[]): void {
    const table = { revision: ++this.revision, keys, removed: false };
    this.tables.set(shard, table);
    this.announce(this.tableEvent(shard));
  }

  removeTable(shard: string): void {
    const table = this.tables.get(shard);
    if (table === undefined) return;
    table.removed = true;
    this.announce({ type: 'table-removed', shard, revision: ++this.revision });
  }

  addPod(pod: string, shard: string): void {
    if (this.pods.has(pod)) return;
    this.pods.set(pod, { shard, alive: true, agent: this.newAgent(pod, shard) });
    for (const router of this.routers) router.knownGone.delete(pod);
    this.announce({ type: 'pod-changed', revision: ++this.revision, pod: sourcePod(pod, shard) });
  }

  stopPod(pod: string): void {
    const known = this.pods.get(pod);
    if (known === undefined) return;
    known.alive = false;
    this.announce({
      type: 'pod-changed',
      revision: ++this.revision,
      pod: sourcePod(pod, known.shard, { alive: false }),
    });
  }

  removePod(pod: string): void {
    if (!this.pods.delete(pod)) return;
    this.announce({ type: 'pod-removed', revision: ++this.revision, pod });
  }

  /** The agent starts anew; its server keeps what it holds, or starts anew too. */
  restartAgent(pod: string, withServer: boolean): void {
    const known = this.pods.get(pod);
    if (known === undefined) return;
    const next = this.newAgent(pod, known.shard);
    if (!withServer) {
      for (const [served, held] of known.agent.models) {
        if (held.state === 'ready' || held.state === 'leaving') {
          next.revision++;
          next.models.set(served, { ...held, state: 'leaving', changedAt: next.revision, leavingAt: next.revision });
        }
      }
    }
    known.agent = next;
  }

  restartRouter(router: FakeRouter): void {
    router.restart();
    this.tell(router);
  }

  send(router: FakeRouter, pod: string): void {
    const order = router.orders.get(pod);
    const ofPod = router.flights.filter((flight) => flight.order.pod === pod).length;
    if (order !== undefined && ofPod < 3) router.flights.push({ order, router: router.id, answer: null });
  }

  /** A request reaches its agent, or an answer its router. */
  advance(router: FakeRouter, flight: Flight): void {
    if (flight.answer === null) {
      const agent = this.pods.get(flight.order.pod)?.agent;
      if (agent === undefined) router.flights.splice(router.flights.indexOf(flight), 1);
      else flight.answer = agent.handle(JSON.stringify(requestOf(flight)), this.now);
      return;
    }
    router.flights.splice(router.flights.indexOf(flight), 1);
    this.deliverAnswer(router, flight);
  }

  deliverAnswer(router: FakeRouter, { order, answer }: Flight): void {
    if (answer === null) return;
    const response = parseSyncResponse(answer);
    const known = router.processed.get(order.pod);
    // Asked before the instance that is known was: the control cannot tell which of the two is the later.
    const doubtful = known !== undefined && known.instance !== response.instance && known.instance !== order.instance;
    if (doubtful) {
      this.report(router, order, response);
      return;
    }
    if (known?.instance !== response.instance || known.revision < response.revision) {
      router.processed.set(order.pod, { instance: response.instance, revision: response.revision });
    }
    this.report(router, order, response);
  }

  private report(router: FakeRouter, order: SyncOrder, response: SyncResponse): void {
    const { instance, since, table } = order;
    const asked = { instance, since, tableDigest: table?.digest ?? null };
    this.step(router, { type: 'agent-report', pod: order.pod, asked, response });
  }

  deliverSource(router: FakeRouter, at: number, keep: boolean): void {
    const event = router.sourceEvents[at];
    if (event === undefined) return;
    if (!keep) router.sourceEvents.splice(at, 1);
    if (event.type === 'pod-removed') router.knownGone.add(event.pod);
    this.step(router, event);
  }

  tick(ms: number): void {
    this.now += ms;
    for (const { agent } of this.pods.values()) agent.unload(this.now);
    for (const router of this.routers) this.step(router, { type: 'tick', nowMs: this.now });
  }

  answerPush(router: FakeRouter, accept: boolean): void {
    const { push } = router;
    if (push === null) return;
    router.push = null;
    if (!accept) {
      this.step(router, { type: 'routes-refused', push: push.number, reason: 'a test says so' });
      return;
    }
    for (const item of router.inForce) if (item.state !== push.state) item.endedAt = Math.min(item.endedAt, this.now);
    router.inForce = router.inForce.filter(({ endedAt }) => endedAt + options.drainMs > this.now);
    this.step(router, { type: 'routes-acked', push: push.number });
  }

  step(router: FakeRouter, event: ControlEvent): void {
    router.lost ||= event.type === 'agent-lost';
    for (const action of router.control.step(event)) this.perform(router, action);
  }

  private perform(router: FakeRouter, action: ControlAction): void {
    if (action.type === 'sync-agent') router.orders.set(action.order.pod, action.order);
    else if (action.type === 'forget-agent') router.orders.delete(action.pod);
    else {
      if (router.push !== null) throw new Error('a push while another is under way');
      this.checkPush(router, action.state);
      router.push = { number: action.push, state: action.state };
      router.inForce.push({ state: action.state, life: router.life, endedAt: Number.POSITIVE_INFINITY });
    }
  }

  /** No pair of model and pod becomes possible, in any order of applying, that the control knows not to be held. */
  private checkPush(router: FakeRouter, state: RouteState): void {
    checkShape(state);
    this.checkKept(router, state);
    const own = router.inForce.filter(
      ({ life, endedAt }) => life === router.life && endedAt === Number.POSITIVE_INFINITY,
    );
    const before = pairsOf(own.map((item) => item.state));
    const after = pairsOf([...own.map((item) => item.state), state]);
    const alone = pairsOf([state]);
    for (const pair of after) {
      if (before.has(pair) && !alone.has(pair)) continue;
      const [served = '', pod = ''] = pair.split(' ');
      if (router.knownGone.has(pod)) throw new Error(`${served} is routed to ${pod}, which is gone`);
      const agent = this.pods.get(pod)?.agent;
      const known = router.processed.get(pod);
      if (agent === undefined || agent.holds(served)) continue;
      if (known === undefined) throw new Error(`${served} is routed to ${pod}, of which nothing is known`);
      const unheard = known.instance !== agent.instance || known.revision < (agent.endedAt.get(served) ?? 0);
      if (!unheard) throw new Error(`${served} is routed to ${pod}, which said that it does not hold it`);
    }
  }

  /** A declared model loses no route while a pod that it led to is fit and holds it, and the control knows both. */
  private checkKept(router: FakeRouter, state: RouteState): void {
    const before = router.inForce.at(-1)?.state;
    if (before === undefined || router.sourceEvents.length > 0 || router.lost || this.room < 1000) return;
    const there = new Set(state.shards.flatMap(({ shard, pods }) => (pods.length > 0 ? [shard] : [])));
    const now = new Map(state.routes.map((route) => [route.served, route.shard]));
    const groups = new Map(before.shards.map(({ shard, pods }) => [shard, pods]));
    for (const { served, shard } of before.routes) {
      if (there.has(now.get(served) ?? '') || !this.declared(served)) continue;
      for (const { pod } of groups.get(shard) ?? []) {
        const known = this.pods.get(pod);
        const heard = router.processed.get(pod);
        if (!known?.alive || !known.agent.serving || !known.agent.holds(served)) continue;
        if (heard?.instance !== known.agent.instance || heard.revision !== known.agent.revision) continue;
        if (router.orders.get(pod)?.released.includes(served)) continue;
        throw new Error(`${served} loses its route though ${pod} holds it`);
      }
    }
  }

  private declared(served: string): boolean {
    return [...this.tables.values()].some(({ keys, removed }) => !removed && keys.map(servedOf).includes(served));
  }

  /** What an agent ends because it was released is in force nowhere, and has drained. */
  private onUnload(pod: string, served: string, deaf: boolean, heard: ReadonlySet<string>): void {
    if (deaf) return;
    for (const router of this.routers) {
      if (!heard.has(router.id)) continue;
      const live = router.inForce.filter(({ endedAt }) => endedAt + options.drainMs > this.now);
      for (const life of new Set(live.map((item) => item.life))) {
        const states = live.filter((item) => item.life === life).map((item) => item.state);
        for (const one of states) {
          if (pairsOf([one]).has(`${served} ${pod}`))
            throw new Error(`${served} ends on ${pod} while it is routed there`);
        }
      }
    }
  }

  tableEvent(shard: string): ControlEvent {
    const table = this.tables.get(shard);
    if (table === undefined) throw new Error(`no table ${shard}`);
    const models = [...table.keys].sort().map((key) => entry(key));
    return { type: 'table-changed', shard, table: sourceTable(shard, table.revision, models) };
  }

  private newAgent(pod: string, shard: string): FakeAgent {
    return new FakeAgent(pod, shard, `i${++this.instances}`, this.room, this.now, (served, deaf, heard) =>
      this.onUnload(pod, served, deaf, heard),
    );
  }

  private announce(event: ControlEvent): void {
    for (const router of this.routers) router.sourceEvents.push(event);
  }

  /** What a source tells at its start. */
  private tell(router: FakeRouter): void {
    for (const [shard, { removed }] of this.tables) if (!removed) router.sourceEvents.push(this.tableEvent(shard));
    for (const [pod, { shard, alive }] of this.pods) {
      router.sourceEvents.push({ type: 'pod-changed', revision: this.revision, pod: sourcePod(pod, shard, { alive }) });
    }
    while (router.sourceEvents.length > 0) this.deliverSource(router, 0, false);
    this.step(router, { type: 'source-synced' });
  }
}

function requestOf({ order, router }: Flight): SyncRequest {
  const { instance, since, released, routed, table } = order;
  const pushed = table === null ? {} : { table: { revision: table.revision, parts: table.parts } };
  return { router, instance, since, waitMs: 0, released, routed, ...pushed };
}

/** "served pod" for all that can happen while Envoy applies these states one after the other. */
function pairsOf(states: readonly RouteState[]): Set<string> {
  const models = new Map<string, Set<string>>();
  const pods = new Map<string, Set<string>>();
  const add = (map: Map<string, Set<string>>, key: string, value: string) => {
    const values = map.get(key);
    if (values === undefined) map.set(key, new Set([value]));
    else values.add(value);
  };
  for (const { routes, shards } of states) {
    for (const { shard, served } of routes) add(models, shard, served);
    for (const { shard, pods: there } of shards) for (const { pod } of there) add(pods, shard, pod);
  }
  const pairs = new Set<string>();
  for (const [shard, served] of models) {
    for (const one of served) for (const pod of pods.get(shard) ?? []) pairs.add(`${one} ${pod}`);
  }
  return pairs;
}

/** Sorted, unique, and every route's group is there. */
function checkShape({ routes, shards }: RouteState): void {
  const groups = new Set(shards.map(({ shard }) => shard));
  if (groups.size !== shards.length) throw new Error('a group stands there twice');
  let last = '';
  for (const route of routes) {
    const key = `${route.tenant}\0${route.name}`;
    if (key <= last) throw new Error(`${key} is out of order`);
    if (!groups.has(route.shard)) throw new Error(`${route.shard} is not among the groups`);
    last = key;
  }
}
