import { ColumnMaster } from '../simplex';
import type { TailProblem, TailType } from './tail';

const mostGroups = 64;
const mostRounds = 400;

export interface ItemValues {
  /** What each item is worth, in prices. */
  readonly value: Float64Array;
  /** The program's optimum over groups: about what all bins must cost, not a bound. */
  readonly cost: number;
  readonly work: number;
}

/**
 * What items are worth at the fractional optimum over patterns: column generation over groups of like items, each taken
 * at its mean size; patterns by depth-first search. Ends early past `limit` steps.
 */
export function itemValues(problem: TailProblem, limit: number): ItemValues {
  const groups = groupsOf(problem);
  const means = problem.types.map((type) => meansOf(type, groups));
  const master = new ColumnMaster(
    groups.map((group) => group.length),
    groups.map((group) => 2 * soloPrice(problem, group)),
  );
  let work = 0;
  for (let round = 0; round < mostRounds && work < limit; round++) {
    let found = false;
    problem.types.forEach((type, t) => {
      const pattern = bestPattern(type, means[t] as Means, groups, master.duals);
      work += pattern.work;
      if (pattern.value <= type.price * (1 + 1e-6)) return;
      found = true;
      const rows: number[] = [];
      const values: number[] = [];
      pattern.counts.forEach((count, g) => {
        if (count === 0) return;
        rows.push(g);
        values.push(count);
      });
      master.add({ cost: type.price, rows, values });
    });
    if (!found) break;
    work += groups.length * master.solve(200);
  }
  const value = new Float64Array(problem.count);
  groups.forEach((group, g) => {
    for (const i of group) value[i] = Math.max(0, master.duals[g] as number);
  });
  return { value, cost: master.objective(), work };
}

function soloPrice(problem: TailProblem, group: readonly number[]): number {
  let price = 0;
  for (const type of problem.types) if (group.every((i) => type.allowed[i] === 1)) price = Math.max(price, type.price);
  return price || Math.max(...problem.types.map((type) => type.price));
}

/** Mean share of a bin's room in the cheapest type that holds the item, in prices: what items are worth where none is lost. */
export function sizeValues(problem: TailProblem): Float64Array {
  const value = new Float64Array(problem.count).fill(Number.POSITIVE_INFINITY);
  for (const { need, capacity, allowed, price } of problem.types) {
    const width = capacity.length;
    for (let i = 0; i < problem.count; i++) {
      if (allowed[i] === 0) continue;
      let sum = 0;
      for (let a = 0; a < width; a++) sum += (need[i * width + a] as number) / Math.max(1, capacity[a] as number);
      value[i] = Math.min(value[i] as number, (sum / width) * price);
    }
  }
  return value;
}

/** Splits at the middle of the dimension that differs most, biggest spread first. */
function groupsOf(problem: TailProblem): number[][] {
  const masks = new Map<string, number[]>();
  for (let i = 0; i < problem.count; i++) {
    const mask = problem.types.map((type) => type.allowed[i]).join('');
    const list = masks.get(mask);
    if (list === undefined) masks.set(mask, [i]);
    else list.push(i);
  }
  const spread = (items: readonly number[]) => {
    let most = { by: 0, t: 0, a: 0, middle: 0 };
    problem.types.forEach((type, t) => {
      const width = type.capacity.length;
      for (let a = 0; a < width; a++) {
        let low = Number.POSITIVE_INFINITY;
        let high = 0;
        for (const i of items) {
          const need = type.need[i * width + a] as number;
          low = Math.min(low, need);
          high = Math.max(high, need);
        }
        const by = ((high - low) / Math.max(1, type.capacity[a] as number)) * Math.sqrt(items.length);
        if (by > most.by) most = { by, t, a, middle: (low + high) / 2 };
      }
    });
    return most;
  };
  const open = [...masks.values()].map((items) => ({ items, ...spread(items) }));
  while (open.length < mostGroups) {
    let widest = 0;
    open.forEach((group, g) => {
      if (group.by > (open[widest]?.by as number)) widest = g;
    });
    const { items, t, a, middle, by } = open[widest] as (typeof open)[number];
    if (by === 0) break;
    const { need, capacity } = problem.types[t] as TailType;
    const at = (i: number) => need[i * capacity.length + a] as number;
    const parts = [items.filter((i) => at(i) <= middle), items.filter((i) => at(i) > middle)];
    open.splice(widest, 1, ...parts.map((part) => ({ items: part, ...spread(part) })));
  }
  return open.map((group) => group.items);
}

interface Means {
  readonly need: Float64Array;
  readonly allowed: readonly boolean[];
}

function meansOf(type: TailType, groups: readonly (readonly number[])[]): Means {
  const width = type.capacity.length;
  const need = new Float64Array(groups.length * width);
  groups.forEach((group, g) => {
    for (let a = 0; a < width; a++)
      need[g * width + a] = group.reduce((sum, i) => sum + (type.need[i * width + a] as number), 0) / group.length;
  });
  return { need, allowed: groups.map((group) => group.every((i) => type.allowed[i] === 1)) };
}

const patternWork = 20_000;

/** The groups whose items together are worth most in one bin: depth first, by worth for what they take. */
function bestPattern(
  type: TailType,
  { need, allowed }: Means,
  groups: readonly (readonly number[])[],
  duals: Float64Array,
): { value: number; counts: number[]; work: number } {
  const width = type.capacity.length;
  const weight = (g: number) => {
    let sum = 0;
    for (let a = 0; a < width; a++)
      sum += (need[g * width + a] as number) / Math.max(1, type.capacity[a] as number) / width;
    return Math.max(sum, 1e-12);
  };
  const order = groups
    .map((_, g) => g)
    .filter((g) => allowed[g] && (duals[g] as number) > 1e-9)
    .sort((a, b) => (duals[b] as number) / weight(b) - (duals[a] as number) / weight(a) || a - b);
  const weights = order.map(weight);
  const free = Float64Array.from(type.capacity);
  const counts = groups.map(() => 0);
  let best = { value: 0, counts: [...counts] };
  let left = patternWork;
  const grow = (k: number, value: number, room: number): void => {
    if (value > best.value) best = { value, counts: [...counts] };
    for (let next = k; next < order.length; next++) {
      const g = order[next] as number;
      const dual = duals[g] as number;
      if (--left < 0 || value + (room * dual) / (weights[next] as number) <= best.value * (1 + 1e-9)) return;
      let most = Math.min((groups[g] as number[]).length, Math.floor(room / (weights[next] as number) + 1e-9));
      for (let a = 0; a < width && most > 0; a++) {
        const each = need[g * width + a] as number;
        if (each > 0) most = Math.min(most, Math.floor(((free[a] as number) + 1e-6) / each));
      }
      for (let count = most; count > 0; count--) {
        counts[g] = count;
        for (let a = 0; a < width; a++) free[a] = (free[a] as number) - count * (need[g * width + a] as number);
        grow(next + 1, value + count * dual, room - count * (weights[next] as number));
        for (let a = 0; a < width; a++) free[a] = (free[a] as number) + count * (need[g * width + a] as number);
      }
      counts[g] = 0;
    }
  };
  grow(0, 0, 1);
  return { ...best, work: patternWork - Math.max(0, left) };
}
