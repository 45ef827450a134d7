import { Bins } from './bins';
import { fill, type Rule } from './construct';
import type { Guide } from './guide';
import { eject, settle } from './improve';
import type { ShardTypes, TypeTable } from './shard-types';

/** One way to try a fleet: an order of models and a rule to place them by. */
export interface Way {
  readonly order: readonly number[];
  readonly rule: Rule;
}

/** Packs all models into exactly the given shards, or null where none of the ways succeeds. */
export function tryFleet(
  types: ShardTypes,
  hasConflicts: boolean,
  fleet: readonly TypeTable[],
  ways: readonly Way[],
  guide: Guide,
  spend: (work: number) => void,
): Bins | null {
  for (const { order, rule } of ways) {
    const bins = new Bins(types, hasConflicts);
    for (const type of fleet) bins.open(type);
    const left = fill(bins, order, guide, rule);
    const held =
      left.length <= 4 + order.length / 50 &&
      left.every((i) => settle(bins, i, -1, guide) || eject(bins, i, -1, guide, []));
    spend(bins.work);
    if (held) return bins;
  }
  return null;
}

/** Multisets of types beside `base` whose price is in [least, below), cheapest first; at most `limit` of them. */
export function supplements(
  types: readonly TypeTable[],
  least: number,
  below: number,
  limit: number,
): readonly (readonly TypeTable[])[] {
  const found: { readonly fleet: readonly TypeTable[]; readonly price: number; readonly pods: number }[] = [];
  // Dear types first: the search meets full fleets early and the cap on its steps rarely binds.
  const order = [...types].sort((a, b) => b.price - a.price || b.replicas - a.replicas || a.index - b.index);
  let steps = 0;
  const grow = (from: number, fleet: TypeTable[], price: number, pods: number): void => {
    if (steps++ > 40 * limit) return;
    if (price >= least) found.push({ fleet: [...fleet], price, pods });
    for (let k = from; k < order.length; k++) {
      const type = order[k] as TypeTable;
      if (price + type.price >= below || type.price <= 0) continue;
      fleet.push(type);
      grow(k, fleet, price + type.price, pods + type.replicas);
      fleet.pop();
    }
  };
  grow(0, [], 0, 0);
  return found
    .sort((a, b) => a.price - b.price || a.pods - b.pods)
    .slice(0, limit)
    .map(({ fleet }) => fleet);
}

/** Could the fleet hold the models if they were split at will? By dimension, for each level of replicas and above. */
export function volumeFits(levels: readonly LevelDemand[], fleet: readonly TypeTable[]): boolean {
  for (const { replicas, least } of levels) {
    for (let a = 0; a < least.length; a++) {
      let room = 0;
      for (const type of fleet) if (type.replicas >= replicas) room += Math.max(0, type.capacity[a] as number);
      if (room < (least[a] as number)) return false;
    }
  }
  return true;
}

export interface LevelDemand {
  readonly replicas: number;
  /** What all models that need so many replicas or more take at least, by active dimension. */
  readonly least: readonly number[];
}

export function levelDemands(types: readonly TypeTable[], models: number, width: number): LevelDemand[] {
  const needs = new Map<number, number[]>();
  for (let i = 0; i < models; i++) {
    let level = Number.POSITIVE_INFINITY;
    const least: number[] = new Array<number>(width).fill(Number.POSITIVE_INFINITY);
    for (const type of types) {
      if (type.allowed[i] === 0) continue;
      level = Math.min(level, type.replicas);
      for (let a = 0; a < width; a++) least[a] = Math.min(least[a] as number, type.need[i * width + a] as number);
    }
    if (!Number.isFinite(level)) continue;
    const sum = needs.get(level) ?? new Array<number>(width).fill(0);
    for (let a = 0; a < width; a++) sum[a] = (sum[a] as number) + (least[a] as number);
    needs.set(level, sum);
  }
  const levels = [...needs.keys()].sort((a, b) => b - a);
  const running: number[] = new Array<number>(width).fill(0);
  return levels.map((replicas) => {
    (needs.get(replicas) as number[]).forEach((value, a) => {
      running[a] = (running[a] as number) + value;
    });
    return { replicas, least: [...running] };
  });
}
