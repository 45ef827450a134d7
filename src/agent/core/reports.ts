import type { ModelReport, ModelState } from '../../protocol/agent-api';
import type { ModelRecord } from './model-record';

/** How many models that are gone are remembered; routers that saw less of the past are told everything. */
const remembered = 1000;

/** What routers are told of a model. */
export function reportOf(record: ModelRecord): ModelReport {
  const { entry, served } = record;
  const state = stateOf(record);
  return {
    model: entry.model,
    served,
    state,
    residency: entry.residency,
    reason: state === 'gone' ? null : (record.reason ?? record.blocked?.reason ?? null),
    memoryBytes: record.memory === null || state === 'gone' ? null : record.memoryBytes,
    declaredBytes: entry.size.memoryBytes + entry.size.acceleratorMemoryBytes,
  };
}

function stateOf(record: ModelRecord): ModelState {
  if (record.going) return 'gone';
  if (!record.wanted) return 'leaving';
  // The proxy loads it when it is asked for: it can be called now.
  if (record.entry.residency === 'on-demand') return 'ready';
  if (record.memory !== null && record.work?.kind !== 'unloading') return 'ready';
  if (record.failures > 0 || record.blocked?.passing === false) return 'failed';
  return record.blocked === null ? 'loading' : 'waiting';
}

/** Models of which nothing is left, by the revision in which that was said. */
export class Gone {
  private readonly reports = new Map<string, { readonly report: ModelReport; readonly revision: number }>();
  /** Whoever saw less than this revision has missed something. */
  private forgottenUpTo = 0;

  add(report: ModelReport, revision: number): void {
    this.reports.delete(report.served);
    this.reports.set(report.served, { report, revision });
    for (const [served, { revision: old }] of this.reports) {
      if (this.reports.size <= remembered) break;
      this.reports.delete(served);
      this.forgottenUpTo = Math.max(this.forgottenUpTo, old);
    }
  }

  remove(served: string): void {
    this.reports.delete(served);
  }

  complete(since: number): boolean {
    return since >= this.forgottenUpTo;
  }

  after(since: number): readonly ModelReport[] {
    return [...this.reports.values()].filter(({ revision }) => revision > since).map(({ report }) => report);
  }
}
