import type { Bins } from './bins';
import type { Guide } from './guide';
import type { TypeTable } from './shard-types';

/**
 * Opens shards one at a time, each around the model of most worth that is left, filled with the models that make it worth
 * most for its price: a depth-first search, cut at `nodes` steps a shard. Strong where few models fill a pod.
 * `fullness`: how much a full shard counts beside its worth.
 * Source: Fleszar, Hindi, "New heuristics for one-dimensional bin-packing" (2002), on minimum bin slack.
 */
export function completeShards(
  bins: Bins,
  models: readonly number[],
  guide: Guide,
  nodes: number,
  fullness: number,
): void {
  const worth = guide.worth;
  let rest = [...models].sort((a, b) => (worth[b] as number) - (worth[a] as number) || a - b);
  while (rest.length > 0) {
    let best: { type: TypeTable; taken: readonly number[]; ratio: number } | null = null;
    for (const type of guide.types) {
      if (type.allowed[rest[0] as number] === 0) continue;
      const found = fullest(bins, type, rest, worth, nodes, fullness);
      // The last shard only has to hold what is left.
      const ratio = found.taken.length === rest.length ? 2 + 1 / type.price : found.worth / type.price;
      if (best === null || ratio > best.ratio) best = { type, taken: found.taken, ratio };
    }
    if (best === null) throw new TypeError('a model fits no shard type');
    const bin = bins.open(best.type);
    for (const i of best.taken) bins.add(bin, i);
    const gone = new Set(best.taken);
    rest = rest.filter((i) => !gone.has(i));
  }
}

/** The set with the first model that is worth most in an empty shard of the type. */
function fullest(
  bins: Bins,
  type: TypeTable,
  rest: readonly number[],
  worth: Float64Array,
  nodes: number,
  fullness: number,
): { taken: readonly number[]; worth: number } {
  const bin = bins.open(type);
  // Of sets worth the same, the fuller: models of one step differ in size, not in worth.
  const width = type.capacity.length;
  const amount = (i: number): number => {
    let share = 0;
    for (let a = 0; a < width; a++)
      if ((type.capacity[a] as number) > 0)
        share = Math.max(share, (type.need[i * width + a] as number) / (type.capacity[a] as number));
    return (worth[i] as number) + fullness * share * type.price;
  };
  const chosen: number[] = [rest[0] as number];
  bins.add(bin, rest[0] as number);
  let best: number[] = [...chosen];
  let most = amount(rest[0] as number);
  let left = nodes;
  // Worth of one shard's room: a set that reaches it wastes nothing.
  const enough = type.price * (1 + fullness) * (1 - 1e-6);
  const grow = (from: number, sum: number): boolean => {
    if (sum > most) {
      most = sum;
      best = [...chosen];
      if (most >= enough) return true;
    }
    let last = -1;
    for (let k = from; k < rest.length; k++) {
      if (left <= 0) return true;
      const i = rest[k] as number;
      // A twin of one just tried leads to the same sets.
      if (last >= 0 && worth[i] === worth[last] && sameNeed(type, i, last)) continue;
      if (!bins.fits(bin, i)) {
        left -= 0.1;
        continue;
      }
      left--;
      last = i;
      bins.add(bin, i);
      chosen.push(i);
      const done = grow(k + 1, sum + amount(i));
      chosen.pop();
      bins.remove(i);
      if (done) return true;
    }
    return false;
  };
  grow(1, most);
  bins.remove(rest[0] as number);
  bins.close(bin);
  return { taken: best, worth: most };
}

function sameNeed(type: TypeTable, a: number, b: number): boolean {
  const width = type.capacity.length;
  for (let k = 0; k < width; k++) if (type.need[a * width + k] !== type.need[b * width + k]) return false;
  return true;
}
