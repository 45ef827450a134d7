import type { Findings } from './findings';
import type { Enforcement, Limit } from './fleet';
import type { LimitInput, Quantity } from './input';
import { type At, pathText } from './located';
import type { QuantityResult } from './quantities';

export type Parse = (input: unknown) => QuantityResult;

/** Reads quantities; a bad one is a finding and reads as 0, so that checking goes on. */
export class QuantityReader {
  constructor(
    private readonly findings: Findings,
    private readonly at: At,
  ) {}

  read(parse: Parse, value: Quantity | undefined, fallback: Quantity, ...path: readonly PropertyKey[]): number {
    const result = parse(value ?? fallback);
    if (result.ok) return result.value;
    this.findings.add('STW1007', `"${pathText(path)}" ${result.reason}`, this.at(...path));
    return 0;
  }

  limit<T extends Quantity>(
    parse: Parse,
    value: LimitInput<T> | undefined,
    ...path: readonly PropertyKey[]
  ): Limit | null {
    if (value === undefined) return null;
    const [amount, enforcement]: [Quantity, Enforcement] =
      typeof value === 'object' ? [value.limit, value.enforcement ?? 'hard'] : [value, 'hard'];
    return { limit: this.read(parse, amount, 0, ...path), enforcement };
  }
}
