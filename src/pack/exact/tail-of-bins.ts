import { Bins } from '../bins';
import type { Piece } from '../pieces';
import type { TypeTable } from '../shard-types';
import { packTail } from './pack-tail';
import type { TailProblem } from './tail';

/**
 * The same pieces in cheaper bins of the types `useful`, or `bins` itself where none are found. `floor`: no packing costs
 * less, in the types' prices.
 */
export function tailOfBins(
  bins: Bins,
  useful: readonly TypeTable[],
  hasConflicts: boolean,
  floor: number,
  work: number,
): Bins {
  const { numbers } = bins.types;
  const kinds = [...new Set([...useful, ...bins.type.filter((type) => type !== null)])];
  const start = bins.type.flatMap((type, b) => {
    const items = bins.members[b] as number[];
    return type === null || items.length === 0 ? [] : [{ type: kinds.indexOf(type), items: [...items] }];
  });
  const problem: TailProblem = {
    count: numbers.pieces.length,
    types: kinds,
    apart: hasConflicts || numbers.first.some((first, i) => first !== i) ? enemies(bins, hasConflicts) : undefined,
  };
  const packed = packTail(problem, { start, floor, work });
  if (packed === start) return bins;
  const result = new Bins(bins.types, hasConflicts);
  for (const { type, items } of packed) {
    const bin = result.open(kinds[type] as TypeTable);
    for (const i of items) {
      if (!result.fits(bin, i)) throw new RangeError(`piece ${i} does not fit where the search put it`);
      result.add(bin, i);
    }
  }
  return result;
}

/** Copies of one model never meet, nor does a model meet a label that it bans. */
function enemies({ types }: Bins, hasConflicts: boolean): (i: number, j: number) => boolean {
  const { pieces, first } = types.numbers;
  const labels = pieces.map(
    ({ model }) => new Set(Object.entries(model.labels).map(([key, value]) => `${key}=${value}`)),
  );
  const bans = (i: number, j: number) => (pieces[i] as Piece).model.neverWith.some((label) => labels[j]?.has(label));
  return (i, j) => first[i] === first[j] || (hasConflicts && (bans(i, j) || bans(j, i)));
}
