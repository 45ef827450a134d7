import { classContext } from '../../src/pack/class-context';
import { packTail } from '../../src/pack/exact/pack-tail';
import type { TailBin, TailProblem } from '../../src/pack/exact/tail';
import { sharingClasses } from '../../src/pack/sharing';
import type { Line } from './chart';
import { antiCorrelated, type Instance, quarterToHalf, triplets, uniform } from './instances';

const efforts = [1, 3, 10, 30] as const;

/** Gap of the exact tail alone, from a first fit, against its effort in million steps. */
export function tailEffort(boundOf: (instance: Instance) => number): Line[] {
  const instances = [uniform(1000, 2), triplets(501, 1), quarterToHalf(500, 1), antiCorrelated(500, 1)];
  return instances.map((instance) => {
    const problem = problemOf(instance);
    const start = firstFit(problem);
    const floor = boundOf(instance);
    return {
      name: instance.name,
      points: efforts.map((effort) => {
        const bins = packTail(problem, { start, floor, work: effort * 1e6 });
        return [effort, (bins.length / floor - 1) * 100] as const;
      }),
    };
  });
}

/** Accelerator memory and time of a class of the literature. */
function problemOf({ fleet }: Instance): TailProblem {
  const [sharing] = sharingClasses(fleet);
  if (sharing === undefined) throw new Error('no models');
  const { models } = sharing;
  const [capacity] = [...classContext(fleet, sharing).capacity.values()];
  const loaded = models.some((model) => model.load.microDuty > 0);
  const need = models.flatMap(({ footprint, load }) =>
    loaded ? [footprint.acceleratorMemoryBytes, load.microDuty] : [footprint.acceleratorMemoryBytes],
  );
  return {
    count: models.length,
    types: [
      {
        price: 1,
        capacity: Float64Array.from((capacity ?? []).slice(0, loaded ? 2 : 1)),
        need: Float64Array.from(need),
        allowed: new Uint8Array(models.length).fill(1),
      },
    ],
  };
}

function firstFit({ count, types }: TailProblem): TailBin[] {
  const [type] = types;
  if (type === undefined) return [];
  const width = type.capacity.length;
  const bins: { items: number[]; free: number[] }[] = [];
  for (let i = 0; i < count; i++) {
    const need = Array.from(type.need.subarray(i * width, (i + 1) * width));
    let home = bins.find(({ free }) => need.every((value, a) => value <= (free[a] as number)));
    if (home === undefined) {
      home = { items: [], free: [...type.capacity] };
      bins.push(home);
    }
    home.items.push(i);
    home.free = home.free.map((room, a) => room - (need[a] as number));
  }
  return bins.map(({ items }) => ({ type: 0, items }));
}
