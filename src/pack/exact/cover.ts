import { fullSets } from './full-sets';
import { seededRandom } from './random';
import type { TailBin, TailProblem, TailType } from './tail';

const mostSets = 400_000;
const mostSlack = 0.004;
/** A step that leaves `h` more items waiting is taken with this to the power of `h`. */
const coolness = 0.15;
const exactWork = 3_000_000;

/**
 * For one type of one dimension where `count` bins must be all but full: takes sets that fill a bin so that each item is
 * in one; by exact search where choices are few, by exchanging sets where they are many. Null: none found, or slack is
 * too much for that.
 */
export function coverFully(
  problem: TailProblem,
  count: number,
  work: number,
): { readonly bins: TailBin[] | null; readonly work: number } {
  const [type] = problem.types as readonly TailType[];
  if (problem.types.length !== 1 || type === undefined || type.capacity.length !== 1) return { bins: null, work: 0 };
  let total = 0;
  for (let i = 0; i < problem.count; i++) total += type.need[i] as number;
  const slack = count * (type.capacity[0] as number) - total;
  if (slack < 0 || slack > mostSlack * total) return { bins: null, work: 0 };
  const order = Array.from({ length: problem.count }, (_, i) => i).sort(
    (a, b) => (type.need[b] as number) - (type.need[a] as number) || a - b,
  );
  const largest = Math.ceil(problem.count / count);
  const each = Math.min(slack, 0.02 * (type.capacity[0] as number));
  const full = fullSets(problem, type, order, each, largest, mostSets, work / 2);
  if (full === null) return { bins: null, work: work / 2 };
  const search = new CoverSearch(problem.count, full.sets, full.left, slack);
  search.work = full.work;
  const chosen = search.exactly(full.work + exactWork) ?? search.exchanging(work);
  if (chosen === null || chosen.length > count) return { bins: null, work: search.work };
  return { bins: chosen.map((s) => ({ type: 0, items: full.sets[s] as number[] })), work: search.work };
}

class CoverSearch {
  work = 0;
  private readonly setsOf: number[][];

  constructor(
    private readonly count: number,
    private readonly sets: readonly (readonly number[])[],
    private readonly left: readonly number[],
    private readonly slack: number,
  ) {
    this.setsOf = Array.from({ length: count }, () => []);
    sets.forEach((set, s) => {
      for (const i of set) (this.setsOf[i] as number[]).push(s);
    });
  }

  /** Always the item with the fewest sets left; only where those are few. */
  exactly(limit: number): number[] | null {
    if (this.sets.length > 40 * this.count) return null;
    const { setsOf, sets, left } = this;
    const live = new Uint8Array(sets.length).fill(1);
    const options = Int32Array.from(setsOf, (list) => list.length);
    const covered = new Uint8Array(this.count);
    const chosen: number[] = [];
    let waiting = this.count;
    const cover = (slack: number): boolean => {
      if (waiting === 0) return true;
      let next = -1;
      for (let i = 0; i < this.count; i++)
        if (covered[i] === 0 && (next < 0 || (options[i] as number) < (options[next] as number))) next = i;
      this.work += this.count >> 3;
      if (options[next] === 0) return false;
      for (const s of setsOf[next] as number[]) {
        if (live[s] === 0 || (left[s] as number) > slack) continue;
        if (this.work > limit) return false;
        const set = sets[s] as number[];
        const gone: number[] = [];
        for (const i of set)
          for (const other of setsOf[i] as number[]) {
            if (live[other] === 0) continue;
            live[other] = 0;
            gone.push(other);
          }
        for (const other of gone) for (const i of sets[other] as number[]) options[i] = (options[i] as number) - 1;
        this.work += gone.length;
        for (const i of set) covered[i] = 1;
        waiting -= set.length;
        chosen.push(s);
        if (cover(slack - (left[s] as number))) return true;
        chosen.pop();
        waiting += set.length;
        for (const i of set) covered[i] = 0;
        for (const other of gone) {
          live[other] = 1;
          for (const i of sets[other] as number[]) options[i] = (options[i] as number) + 1;
        }
      }
      return false;
    };
    return cover(this.slack) ? chosen : null;
  }

  /** A waiting item takes a set that does least harm to the sets in use; harm heals by the next ones. */
  exchanging(limit: number): number[] | null {
    const { setsOf, sets, count, left } = this;
    if (setsOf.some((list) => list.length === 0)) return null;
    const random = seededRandom(20_261_125);
    const home = new Int32Array(count).fill(-1);
    const waiting = Array.from({ length: count }, (_, i) => i);
    const place = Int32Array.from(waiting);
    const blocked = new Int32Array(sets.length);
    let slack = this.slack;
    const wait = (i: number): void => {
      home[i] = -1;
      place[i] = waiting.length;
      waiting.push(i);
    };
    const settle = (i: number, s: number): void => {
      home[i] = s;
      const last = waiting.pop() as number;
      if (last === i) return;
      waiting[place[i] as number] = last;
      place[last] = place[i] as number;
    };
    for (let turn = 1; this.work < limit; turn++) {
      if (waiting.length === 0) return [...new Set(home)];
      const i = waiting[Math.floor(random() * waiting.length)] as number;
      const own = setsOf[i] as number[];
      let best = -1;
      let least = Number.POSITIVE_INFINITY;
      const looks = Math.min(own.length, 200);
      let at = Math.floor(random() * own.length);
      for (let look = 0; look < looks; look++) {
        const s = own[at] as number;
        at = at + 1 === own.length ? 0 : at + 1;
        const set = sets[s] as number[];
        this.work++;
        let harm = 0;
        let back = 0;
        for (const j of set) {
          const other = home[j] as number;
          if (other < 0) harm--;
          else {
            // A set in use that loses several items here is counted once for each: near enough, and cheap.
            harm += (sets[other] as number[]).length - 1;
            back += left[other] as number;
          }
        }
        if (back + slack < (left[s] as number)) continue;
        if ((blocked[s] as number) > turn && harm > -set.length) harm += 2;
        if (harm < least) {
          least = harm;
          best = s;
        }
      }
      if (best < 0 || (least > 0 && random() > coolness ** least)) continue;
      for (const j of sets[best] as number[]) {
        const other = home[j] as number;
        if (other < 0) continue;
        blocked[other] = turn + 5 + Math.floor(random() * 10);
        slack += left[other] as number;
        for (const k of sets[other] as number[]) wait(k);
      }
      slack -= left[best] as number;
      for (const j of sets[best] as number[]) settle(j, best);
    }
    return null;
  }
}
