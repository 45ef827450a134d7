import { direct, type ModelRecord, needsLoad } from './model-record';

/** Why a pod on which everything was tried is not ready yet. */
export interface Refused {
  readonly failed: number;
  readonly residents: number;
}

/**
 * Kubernetes replaces the next pod once this one is ready: a new engine that starts but refuses models must not become
 * ready, or it would take the place of one that serves them, in one shard after the other. Whether the model or the engine is to blame
 * cannot be known here, so many failures speak for the engine, and for a limited time. A pod that was ready stays so:
 * what fails later is no rollout's.
 */
export class Readiness {
  private settled = false;
  private wasReady = false;
  private triedAt: number | null = null;
  private holding: Refused | null = null;

  /** `holdMs`: how long failures keep the pod from being ready, from when all was tried. */
  constructor(private readonly holdMs: number) {}

  /** All residents have been loaded, or tried, since the server's start, and not too many of them failed at first. */
  get ready(): boolean {
    return this.settled;
  }

  /** What keeps it from being ready although everything was tried. */
  get refused(): Refused | null {
    return this.holding;
  }

  /** An agent before this one was ready in this pod. */
  readyBefore(): void {
    this.wasReady = true;
  }

  serverLost(): void {
    this.settled = false;
    this.holding = null;
  }

  look(records: Iterable<ModelRecord>, now: number): void {
    if (this.settled) return;
    const tried = tally(records);
    this.holding = null;
    if (tried === null) return;
    // Not anew after a crash: a model that breaks its server holds nothing up for ever.
    this.triedAt ??= now;
    if (!this.wasReady && now - this.triedAt < this.holdMs && tooMany(tried)) {
      this.holding = tried;
      return;
    }
    this.settled = true;
    this.wasReady = true;
  }
}

/** One of several may be broken by itself; half of them, or more than a tenth, hardly. */
function tooMany({ failed, residents }: Refused): boolean {
  return failed > 0 && (2 * failed >= residents || failed > Math.max(1, residents / 10));
}

/** Null: something wanted has not been tried. */
function tally(records: Iterable<ModelRecord>): Refused | null {
  let failed = 0;
  let residents = 0;
  for (const record of records) {
    if (!record.wanted) continue;
    const hopeless = record.failures > 0 || record.blocked?.passing === false;
    if (needsLoad(record) && !hopeless) return null;
    if (!direct(record)) continue;
    residents += 1;
    // Where an older copy serves, nothing is lost.
    if (record.memory === null && hopeless) failed += 1;
  }
  return { failed, residents };
}
