import { ratio } from './class-search';
import type { Saving } from './savings';

/**
 * The savings of all classes in one order, each class's own kept: what saves most a move first. A poor saving goes along
 * with the good one that it makes way for.
 */
export function inOrder(classes: readonly (readonly Saving[])[]): Saving[] {
  const blocks = classes.flatMap((savings, index) => blocksOf(savings).map((block) => ({ ...block, index })));
  blocks.sort((a, b) => b.worth - a.worth || a.index - b.index);
  return blocks.flatMap((block) => block.savings);
}

interface Block {
  readonly savings: readonly Saving[];
  readonly worth: number;
}

/** Cut so that each block saves as much a move as any start of what is left can, and each less than the one before. */
function blocksOf(savings: readonly Saving[]): Block[] {
  const blocks: { savings: Saving[]; cost: number; moves: number }[] = [];
  for (const saving of savings) {
    blocks.push({ savings: [saving], cost: saving.cost, moves: saving.moves });
    for (;;) {
      const last = blocks[blocks.length - 1];
      const before = blocks[blocks.length - 2];
      if (last === undefined || before === undefined || ratio(last) < ratio(before)) break;
      before.savings.push(...last.savings);
      before.cost += last.cost;
      before.moves += last.moves;
      blocks.pop();
    }
  }
  return blocks.map((block) => ({ savings: block.savings, worth: ratio(block) }));
}
