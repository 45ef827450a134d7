import { byCodePoint } from '../declare/findings';
import type { Plan, PlannedShard } from '../plan/plan';
import { count } from './units';

/** What a model's colour says: its tenant, else its runtime, else (where all have the same) its family. */
export interface Categories {
  readonly title: string;
  /** In the legend's order; at most twelve, the last is `others` where there are more. */
  readonly names: readonly string[];
  readonly of: (shard: PlannedShard, model: string) => number;
}

const most = 12;

export function categories(plan: Plan): Categories {
  const ways: readonly (readonly [string, (shard: PlannedShard, model: string) => string])[] = [
    ['tenant', (_, model) => model.slice(0, model.indexOf('/'))],
    ['runtime', (shard) => (shard.base === null ? shard.runtime : `${shard.runtime}: ${shard.base}`)],
    ['model family', (_, model) => familyOf(model)],
  ];
  for (const [title, label] of ways) {
    const sizes = new Map<string, number>();
    for (const shard of plan.shards)
      shard.models.forEach((model, i) => {
        const name = label(shard, model);
        const { acceleratorMemoryBytes: accelerator, memoryBytes: memory } = shard.sizes;
        sizes.set(name, (sizes.get(name) ?? 0) + (accelerator[i] || (memory[i] ?? 0)));
      });
    if (sizes.size < 2) continue;
    return ranked(title, sizes, label);
  }
  return { title: '', names: ['models'], of: () => 0 };
}

function ranked(
  title: string,
  sizes: ReadonlyMap<string, number>,
  label: (shard: PlannedShard, model: string) => string,
): Categories {
  const order = [...sizes].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0])).map(([name]) => name);
  const shown = order.length <= most ? order : order.slice(0, most - 1);
  const rest = order.length - shown.length;
  const names = rest === 0 ? shown : [...shown, `${count(rest)} others`];
  const places = new Map(shown.map((name, i) => [name, i]));
  return { title, names, of: (shard, model) => places.get(label(shard, model)) ?? shown.length };
}

/** `default/resnet50.a1_in1k@1` -> `resnet` */
function familyOf(model: string): string {
  const name = model.slice(model.indexOf('/') + 1);
  return /^[A-Za-z]+/.exec(name)?.[0].toLowerCase() ?? name;
}
