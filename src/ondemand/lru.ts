import { EventQueue } from './event-queue';

/** An on-demand model as one pod sees it. */
export interface LruModel {
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
  /** Fetching its files, four models at a time; then loading it, one at a time. */
  readonly fetchSeconds: number;
  readonly loadSeconds: number;
  /** How long a request keeps it in use. */
  readonly useSeconds: number;
  /** The higher is loaded first where several wait. */
  readonly priority: number;
}

export interface LruRoom {
  readonly acceleratorMemoryBytes: number;
  readonly memoryBytes: number;
}

export interface LruRequest {
  readonly seconds: number;
  /** Index of the model. */
  readonly model: number;
}

/** The agent's limits. */
export interface LruLimits {
  readonly fetches: number;
  readonly loads: number;
  /** A request is refused that has waited so long for room, or for its turn, to fetch its model. */
  readonly roomWaitSeconds: number;
}
export const agentLimits: LruLimits = { fetches: 4, loads: 1, roomWaitSeconds: 5 };

export interface LruResult {
  readonly requests: number;
  /** Models loaded. */
  readonly coldStarts: number;
  /** Requests that waited for a load, their own or one under way. */
  readonly waited: number;
  /** Requests that found no room in time: everything was in use. */
  readonly refused: number;
  readonly evictions: number;
  /** Of each request that waited and was served, ascending. */
  readonly waits: Float64Array;
  /** Time that the server was loading. */
  readonly loadingSeconds: number;
}

const fetched = 0;
const loaded = 1;
const done = 2;
const impatient = 3;
const absent = 0;
const fetching = 1;
const ready = 2;
const loading = 3;
const present = 4;

/**
 * Replays requests through one pod as its agent would serve them: a model that is asked for and not there is loaded once
 * room for it can be made by unloading models that nobody uses, the least recently used first; models in use stay. The
 * agent's cache of files is left out, so that each load fetches.
 * @param requests in order of time
 * @param initially models that are loaded at the start, the least recently used first; those that do not fit are not
 */
export function simulateLru(
  models: readonly LruModel[],
  room: LruRoom,
  requests: Iterable<LruRequest>,
  initially: Iterable<number> = [],
  limits: LruLimits = agentLimits,
): LruResult {
  return new Pod(models, room, limits).run(requests, initially);
}

class Pod {
  private readonly state: Uint8Array;
  private readonly pins: Int32Array;
  /** When each request came that waits. */
  private readonly waiting = new Map<number, number[]>();
  /** Models that are loaded, the least recently used first. */
  private readonly recency = new Set<number>();
  private readonly toLoad: number[] = [];
  private readonly events = new EventQueue();
  private free: { acceleratorMemoryBytes: number; memoryBytes: number };
  private fetches = 0;
  private loads = 0;
  private requests = 0;
  private coldStarts = 0;
  private waited = 0;
  private refused = 0;
  private evictions = 0;
  private loadingSeconds = 0;
  private readonly waits: number[] = [];

  constructor(
    private readonly models: readonly LruModel[],
    room: LruRoom,
    private readonly limits: LruLimits,
  ) {
    this.state = new Uint8Array(models.length);
    this.pins = new Int32Array(models.length);
    this.free = { ...room };
  }

  run(requests: Iterable<LruRequest>, initially: Iterable<number>): LruResult {
    for (const model of initially) {
      if (!this.fits(model, this.free)) continue;
      this.take(model);
      this.state[model] = present;
      this.recency.add(model);
    }
    for (const { seconds, model } of requests) {
      while (this.events.nextTime <= seconds) this.step();
      this.request(model, seconds);
    }
    // What waits at the end is served to the end.
    while (this.events.nextTime < Number.POSITIVE_INFINITY) this.step();
    const { coldStarts, waited, refused, evictions, loadingSeconds } = this;
    const waits = Float64Array.from(this.waits).sort();
    return { requests: this.requests, coldStarts, waited, refused, evictions, waits, loadingSeconds };
  }

  private request(model: number, now: number): void {
    this.requests += 1;
    if (this.state[model] === present) {
      this.pin(model, 1, now);
      return;
    }
    this.waited += 1;
    const queue = this.waiting.get(model);
    if (queue !== undefined) {
      queue.push(now);
      return;
    }
    this.waiting.set(model, [now]);
    if (this.state[model] !== absent) return;
    this.events.add(now + this.limits.roomWaitSeconds, impatient, model);
    this.startFetches(now);
  }

  private step(): void {
    const now = this.events.nextTime;
    const { kind, subject } = this.events.take();
    if (kind === done) {
      this.pins[subject] = (this.pins[subject] as number) - 1;
      this.touch(subject);
    } else if (kind === fetched) {
      this.fetches -= 1;
      this.state[subject] = ready;
      this.toLoad.push(subject);
      this.startLoads(now);
    } else if (kind === loaded) {
      this.finishLoad(subject, now);
      this.startLoads(now);
    } else this.giveUp(subject, now);
    if (this.waiting.size > 0) this.startFetches(now);
  }

  private startFetches(now: number): void {
    if (this.fetches >= this.limits.fetches) return;
    const candidates = [...this.waiting.keys()].filter((model) => this.state[model] === absent);
    if (candidates.length > 1) candidates.sort((a, b) => this.model(b).priority - this.model(a).priority || a - b);
    for (const model of candidates) {
      if (this.fetches >= this.limits.fetches) return;
      if (!this.makeRoom(model)) continue;
      this.take(model);
      this.fetches += 1;
      this.coldStarts += 1;
      this.state[model] = fetching;
      this.events.add(now + this.model(model).fetchSeconds, fetched, model);
    }
  }

  private startLoads(now: number): void {
    while (this.loads < this.limits.loads) {
      const model = this.toLoad.shift();
      if (model === undefined) return;
      this.loads += 1;
      this.state[model] = loading;
      this.loadingSeconds += this.model(model).loadSeconds;
      this.events.add(now + this.model(model).loadSeconds, loaded, model);
    }
  }

  private finishLoad(model: number, now: number): void {
    this.loads -= 1;
    this.state[model] = present;
    const queue = this.waiting.get(model) ?? [];
    this.waiting.delete(model);
    for (const since of queue) this.waits.push(now - since);
    this.touch(model);
    this.pin(model, queue.length, now);
  }

  /** All that wait are sent away, as the agent does, if the first of them has waited its time. */
  private giveUp(model: number, now: number): void {
    const queue = this.waiting.get(model);
    if (queue === undefined || this.state[model] !== absent) return;
    if (now - (queue[0] as number) < this.limits.roomWaitSeconds - 1e-6) return;
    this.refused += queue.length;
    this.waiting.delete(model);
  }

  private makeRoom(model: number): boolean {
    if (this.fits(model, this.free)) return true;
    const room = { ...this.free };
    const victims: number[] = [];
    for (const victim of this.recency) {
      if ((this.pins[victim] as number) > 0) continue;
      const { acceleratorMemoryBytes, memoryBytes } = this.model(victim);
      room.acceleratorMemoryBytes += acceleratorMemoryBytes;
      room.memoryBytes += memoryBytes;
      victims.push(victim);
      if (!this.fits(model, room)) continue;
      this.free = room;
      this.evictions += victims.length;
      for (const gone of victims) {
        this.recency.delete(gone);
        this.state[gone] = absent;
      }
      return true;
    }
    return false;
  }

  private pin(model: number, requests: number, now: number): void {
    this.touch(model);
    const { useSeconds } = this.model(model);
    if (useSeconds === 0) return;
    this.pins[model] = (this.pins[model] as number) + requests;
    for (let i = 0; i < requests; i++) this.events.add(now + useSeconds, done, model);
  }

  private touch(model: number): void {
    this.recency.delete(model);
    this.recency.add(model);
  }

  private take(model: number): void {
    const { acceleratorMemoryBytes, memoryBytes } = this.model(model);
    this.free.acceleratorMemoryBytes -= acceleratorMemoryBytes;
    this.free.memoryBytes -= memoryBytes;
  }

  private fits(model: number, room: LruRoom): boolean {
    const { acceleratorMemoryBytes, memoryBytes } = this.model(model);
    return acceleratorMemoryBytes <= room.acceleratorMemoryBytes && memoryBytes <= room.memoryBytes;
  }

  private model(index: number): LruModel {
    return this.models[index] as LruModel;
  }
}
