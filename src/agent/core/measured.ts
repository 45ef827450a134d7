import { type Correction, FirstLoads } from './first-loads';

/**
 * What the models really take, from the server's resident memory. Servers seldom give memory back: what an unloaded model
 * left behind is used again by the next one, so it is kept apart as slack. The libraries that the first model of a format
 * brings along belong to the server, not to the model.
 */
export class MeasuredMemory {
  private idle: number | null = null;
  private latest: number | null = null;
  private slack = 0;
  private readonly formats = new Set<string>();
  private readonly firsts = new FirstLoads();

  /** `empty`: the server holds no model. */
  observe(rssBytes: number, empty: boolean): void {
    this.latest = rssBytes;
    if (this.idle === null || (empty && this.slack === 0)) this.idle = rssBytes;
  }

  /** What another model is now thought to take, if this load told something of it. */
  loaded(served: string, format: string, declaredBytes: number, riseBytes: number | null): Correction | null {
    const told =
      riseBytes === null ? null : this.firsts.loaded(format, { served, declaredBytes, riseBytes }, this.slack === 0);
    if (!this.formats.has(format) && riseBytes !== null && this.idle !== null) {
      this.idle += Math.min(librariesLimit, Math.max(0, riseBytes - declaredBytes));
    }
    this.formats.add(format);
    this.slack = Math.max(0, this.slack - declaredBytes);
    return told;
  }

  unloaded(served: string, bytes: number): void {
    this.firsts.unloaded(served);
    this.slack += bytes;
  }

  /** Another process: nothing of what was known holds. */
  restarted(): void {
    this.idle = null;
    this.latest = null;
    this.slack = 0;
    this.formats.clear();
    this.firsts.clear();
  }

  /** Bytes that the models take; 0 where nothing can be read. */
  get usedBytes(): number {
    return this.idle === null || this.latest === null ? 0 : Math.max(0, this.latest - this.idle - this.slack);
  }
}

const librariesLimit = 512 * 2 ** 20;
