import type { CheckedClass, Declared } from './declared';
import type { FindingLog } from './finding-log';
import { field, shown } from './reading';

export interface ClassSums {
  readonly pods: bigint;
  readonly cost: bigint;
  /** True where a class of the fleet is not in the list. */
  readonly missing: boolean;
}

/** Checks the classes that a certificate lists, each named once, and adds up what they state; null where one cannot be read. */
export function sumClasses(
  declared: Declared,
  listed: readonly unknown[],
  path: string,
  check: (
    sharing: CheckedClass,
    entry: unknown,
    where: string,
  ) => { readonly pods: bigint; readonly cost: bigint } | null,
  log: FindingLog,
): ClassSums | null {
  const byName = new Map<string, CheckedClass[]>();
  for (const sharing of declared.classes) byName.set(sharing.name, [...(byName.get(sharing.name) ?? []), sharing]);
  let pods = 0n;
  let cost = 0n;
  let readable = true;
  listed.forEach((entry: unknown, index) => {
    const where = `${path}.classes[${index}]`;
    const name = field(entry, 'class');
    const sharing = typeof name === 'string' ? byName.get(name)?.shift() : undefined;
    if (sharing === undefined) {
      log.add('STW2105', `${where}.class`, `the fleet has no class ${shown(name)}, or it was counted before`);
      readable = false;
      return;
    }
    const stated = check(sharing, entry, where);
    if (stated === null) readable = false;
    else {
      pods += stated.pods;
      cost += stated.cost;
    }
  });
  const left = [...byName.values()].flat();
  for (const sharing of left) log.add('STW2105', `${path}.classes`, `the class ${sharing.name} is missing`);
  return readable ? { pods, cost, missing: left.length > 0 } : null;
}
