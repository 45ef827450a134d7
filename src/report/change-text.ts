import type { CopyChange, Move, Resize } from '../plan/plan';
import { reasonText } from './plan-facts';
import { clip, plain, styleOf, type TextOptions } from './style';
import { bytes, count, plural } from './units';

export interface ModelChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly moved: readonly Move[];
  readonly copies: readonly CopyChange[];
  readonly resized: readonly Resize[];
}

const shownFirst = 10;

/** `+ model`, `- model`, `> model from -> to: reason`, `* model  in 1 -> 2 shards`: the first ten of each kind unless verbose. */
export function changeLines(
  models: ModelChanges,
  shardsAdded: readonly string[],
  shardsRemoved: readonly string[],
  options: TextOptions,
): string[] {
  const style = styleOf(options);
  const oneLine = (text: string) => clip(plain(text), Math.max(20, options.width - 2));
  const some = <T>(list: readonly T[], what: string, line: (entry: T) => string): string[] => {
    const shown = options.verbose === true ? list : list.slice(0, shownFirst);
    const rest = list.length - shown.length;
    return [
      ...shown.map((entry) => `  ${line(entry)}`),
      ...(rest > 0 ? [`  ${style.dim(`  and ${count(rest)} more ${what} (--details lists them)`)}`] : []),
    ];
  };
  return [
    ...some(models.moved, 'moved', (move) =>
      style.yellow(oneLine(`> ${move.model}  ${move.from} -> ${move.to}: ${reasonText(move.reason)}`)),
    ),
    ...some(models.added, 'added', (key) => style.green(oneLine(`+ ${key}`))),
    ...some(models.removed, 'removed', (key) => style.red(oneLine(`- ${key}`))),
    ...some(models.copies, 'in more or fewer shards', (change) =>
      style.cyan(oneLine(`* ${change.model}  ${copiesText(change)}`)),
    ),
    ...some(models.resized, 'resized', (resize) => style.cyan(oneLine(`~ ${resize.model}  ${resizeText(resize)}`))),
    ...some(shardsAdded, 'new shards', (id) => style.green(oneLine(`+ shard ${id}`))),
    ...some(shardsRemoved, 'shards gone', (id) => style.red(oneLine(`- shard ${id}`))),
  ];
}

/** `in 1 -> 2 shards` */
export function copiesText({ before, after }: CopyChange, arrow = '->'): string {
  return `in ${count(before)} ${arrow} ${plural(after, 'shard')}`;
}

/** `GPU memory 1 GiB -> 2 GiB, memory 3 GiB -> 4 GiB` */
export function resizeText(resize: Resize): string {
  const parts = [
    ['GPU memory', resize.acceleratorMemoryBytes],
    ['memory', resize.memoryBytes],
  ] as const;
  return parts
    .filter(([, { before, after }]) => before !== after)
    .map(([what, { before, after }]) => `${what} ${bytes(before)} -> ${bytes(after)}`)
    .join(', ');
}
