import type { Plan, PlannedOnDemand } from '../plan/plan';
import { bytes, count, percent, plural, shareMicro, short } from './units';

const mostClasses = 10;
/** Shares of the memory of all copies, in millionths, that a report shows of the curve. */
const shownShares = [100_000, 300_000, 500_000, 700_000, 900_000];

export const onDemandTitles = ['class', 'models', 'memory', 'reserve', 'kept', 'cold starts', 'mean wait'];

/** What is expected of on-demand models: a row a class, the largest first, in the order of {@link onDemandTitles}. */
export function onDemandRows(plan: Plan, all: boolean): string[][] {
  return shownClasses(plan, all).map((one) => [
    one.class,
    count(one.models),
    bytes(one.totalBytes),
    `${bytes(one.reserveBytes)} (${percent(shareMicro(one.reserveBytes, one.totalBytes))})`,
    one.keptSeconds === null ? 'always' : `${short(one.keptSeconds)} s`,
    `${percent(one.coldStartMicro)}, ${count(one.coldStartsPerHour)}/h`,
    one.coldStartsPerHour === 0 ? '' : `${short(one.loadMillis / 1000)} s`,
  ]);
}

export const curveTitles = ['cold starts with', ...shownShares.map((share) => percent(share))];

/** Memory against cold starts: a row a class, in the order of {@link curveTitles}. */
export function curveRows(plan: Plan, all: boolean): string[][] {
  return shownClasses(plan, all).map((one) => [
    one.class,
    ...shownShares.map((share) => {
      const point = one.curve.find(({ memoryMicro }) => memoryMicro === share);
      return point === undefined ? '' : percent(point.coldStartMicro);
    }),
  ]);
}

/** How many classes the rows leave out, in words; null: none. */
export function classesLeftOut(plan: Plan, all: boolean): string | null {
  const left = (plan.onDemand?.length ?? 0) - shownClasses(plan, all).length;
  return left === 0 ? null : `and ${plural(left, 'class', 'classes')} more`;
}

function shownClasses({ onDemand = [] }: Plan, all: boolean): readonly PlannedOnDemand[] {
  const sorted = [...onDemand].sort((a, b) => b.totalBytes - a.totalBytes);
  return all ? sorted : sorted.slice(0, mostClasses);
}
