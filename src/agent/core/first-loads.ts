/** Another figure for a model that is loaded. */
export interface Correction {
  readonly served: string;
  readonly bytes: number;
}

/** Of one model, as its load showed it. */
interface Load {
  readonly served: string;
  readonly declaredBytes: number;
  readonly riseBytes: number;
}

/** Loads after which nothing better will be known. */
const enough = 15;

/**
 * The first model of a format brings the format's libraries along, so the rise over its load is not its own. What the
 * ones after it took of what they were declared with tells what it takes itself.
 */
export class FirstLoads {
  private readonly firsts = new Map<string, Load>();
  private readonly ratios = new Map<string, number[]>();

  /** What the first one of the format is now thought to take; null: nothing new is known of it. */
  loaded(format: string, load: Load, clean: boolean): Correction | null {
    const ratios = this.ratios.get(format);
    if (ratios === undefined) {
      this.firsts.set(format, load);
      this.ratios.set(format, []);
      return null;
    }
    // Where models were unloaded before, others take the memory that they left: no rise shows that.
    if (!clean || load.declaredBytes === 0 || ratios.length >= enough) return null;
    ratios.push(load.riseBytes / load.declaredBytes);
    const first = this.firsts.get(format);
    if (first === undefined || first.served === load.served) return null;
    const likely = Math.round(first.declaredBytes * median(ratios));
    return { served: first.served, bytes: Math.min(first.riseBytes, likely) };
  }

  /** Once it is loaded again, its rise is its own. */
  unloaded(served: string): void {
    for (const [format, first] of this.firsts) if (first.served === served) this.firsts.delete(format);
  }

  clear(): void {
    this.firsts.clear();
    this.ratios.clear();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
