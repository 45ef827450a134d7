import type { CoreEvent } from './events';
import type { ModelRecord } from './model-record';

type HeardEvent = Extract<CoreEvent, { readonly type: 'heard' }>;

/** A router that has been silent for longer no longer holds up an unload. */
export const routerSilenceMs = 30_000;
/** Without any router, a model that left the table stays for so long. */
export const graceMs = 60_000;

interface Heard {
  readonly at: number;
  /** What the router had seen of this agent. */
  readonly since: number;
  /** It may still send requests to this pod. */
  readonly routed: boolean;
}

/** The routers that speak with this agent, and when each was last heard. */
export class Routers {
  private readonly byName = new Map<string, Heard>();
  private lastHeard: number;

  constructor(startedAt: number) {
    this.lastHeard = startedAt;
  }

  hear({ router, since, released, routed }: HeardEvent, records: Iterable<ModelRecord>, now: number): void {
    this.heard(router, { at: now, since, routed });
    const all = new Set(released);
    for (const { served, leaving } of records) {
      if (leaving === null) continue;
      // A release that was sent before the model began to leave (for the last time) is about the past.
      if (all.has(served) && since >= leaving.revision) leaving.releasedBy.add(router);
      else leaving.releasedBy.delete(router);
    }
  }

  private heard(router: string, heard: Heard): void {
    this.byName.set(router, heard);
    this.lastHeard = Math.max(this.lastHeard, heard.at);
    for (const [name, { at }] of this.byName) if (heard.at - at > 10 * routerSilenceMs) this.byName.delete(name);
  }

  /** It has been listening until now, and has said nothing new. */
  listened(router: string, now: number): void {
    const heard = this.byName.get(router);
    if (heard !== undefined) this.heard(router, { ...heard, at: now });
  }

  /** It sends no more requests to anybody. */
  leave(router: string, now: number): void {
    this.byName.delete(router);
    this.lastHeard = Math.max(this.lastHeard, now);
  }

  active(now: number): readonly string[] {
    return [...this.byName].filter(([, { at }]) => now - at < routerSilenceMs).map(([name]) => name);
  }

  silentSince(now: number): number {
    return now - this.lastHeard;
  }

  /** Nobody sends requests to this model any more, as far as can be known. */
  released(record: ModelRecord, now: number): boolean {
    const { leaving } = record;
    if (leaving === null || record.pins > 0 || record.waiting > 0) return false;
    const active = this.active(now);
    if (active.length > 0) return active.every((router) => leaving.releasedBy.has(router));
    return now - Math.max(this.lastHeard, leaving.since) >= graceMs;
  }

  /** No router that saw `revision` sends requests to this pod, and none is left that did not see it. */
  letGo(revision: number, now: number): boolean {
    return this.active(now).every((name) => {
      const heard = this.byName.get(name);
      return heard === undefined || (!heard.routed && heard.since >= revision);
    });
  }
}
