import { describe, expect, it } from 'vitest';
import { quarterToHalf, realistic } from '../../bench/pack/instances';
import type { Fleet } from '../../src/declare/fleet';
import { Bins } from '../../src/pack/bins';
import { classContext } from '../../src/pack/class-context';
import { classNumbers } from '../../src/pack/class-numbers';
import { tailOfBins } from '../../src/pack/exact/tail-of-bins';
import { piecesOf } from '../../src/pack/pieces';
import { ShardTypes } from '../../src/pack/shard-types';
import { sharingClasses } from '../../src/pack/sharing';

/** The biggest class of a fleet, each piece where it first fits, on the dearest pool. */
function firstFit(fleet: Fleet) {
  const [sharing] = [...sharingClasses(fleet)].sort((a, b) => b.models.length - a.models.length);
  if (sharing === undefined) throw new Error('no class');
  const context = classContext(fleet, sharing);
  const pieces = sharing.models.flatMap((model) => piecesOf(context, model));
  const numbers = classNumbers(context, pieces);
  const types = new ShardTypes(numbers);
  const useful = context.pools.map((_, p) => types.get(p, 1));
  const dearest = useful.at(-1);
  if (dearest === undefined) throw new Error('no pool');
  const bins = new Bins(types, context.hasConflicts);
  pieces.forEach((_, i) => {
    let bin = 0;
    while (bin < bins.count && !bins.fits(bin, i)) bin++;
    if (bin === bins.count) bins.open(dearest);
    bins.add(bin, i);
  });
  return { bins, useful, hasConflicts: context.hasConflicts, price: dearest.price };
}

describe('exact tail of a class', () => {
  it('packs sizes of a quarter to a half into as few pods as can be', () => {
    const { bins, useful, hasConflicts, price } = firstFit(quarterToHalf(120, 1).fleet);
    const fewer = tailOfBins(bins, useful, hasConflicts, 46 * price, 20_000_000);
    expect(fewer.cost()).toEqual({ cost: 46 * price, pods: 46 });
  });

  it('keeps copies of a model apart on pools of several kinds', () => {
    const { bins, useful, hasConflicts } = firstFit(realistic(1000, 1, { isolated: true, modelsPerPod: 32 }).fleet);
    const cheaper = tailOfBins(bins, useful, hasConflicts, 0, 4_000_000);
    expect(cheaper.cost().cost).toBeLessThan(bins.cost().cost);
    expect(cheaper.members.flat().sort((a, b) => a - b)).toEqual(bins.members.flat().sort((a, b) => a - b));
    for (const members of cheaper.members) {
      const models = members.map((i) => bins.types.numbers.pieces[i]?.model.key);
      expect(new Set(models).size).toBe(models.length);
    }
  });
});
