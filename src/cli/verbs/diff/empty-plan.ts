import type { Plan } from '../../../plan/plan';

/** A plan with nothing in it: what there was before the fleet was. */
export function emptyPlan({ formatVersion, fleet, summary, baseline, bound }: Plan): Plan {
  const none = <T extends object>(figures: T): T =>
    Object.fromEntries(
      Object.entries(figures).map(([name, value]) => [
        name,
        typeof value === 'number' ? 0 : Array.isArray(value) ? [] : {},
      ]),
    ) as T;
  return {
    formatVersion,
    fleet,
    summary: none(summary),
    budgets: [],
    pools: [],
    baseline: none(baseline),
    bound: { ...bound, certificate: { ...bound.certificate, classes: [], pods: 0, podCostMicrosPerHour: 0 } },
    shards: [],
    changes: {
      against: 'nothing',
      added: [],
      removed: [],
      moved: [],
      copies: [],
      resized: [],
      shardsAdded: [],
      shardsRemoved: [],
      moveBytes: 0,
    },
    warnings: [],
  };
}
