import type { Findings } from './findings';
import type { ServingRuntime } from './fleet';
import type { ModelInput } from './input';
import type { At } from './located';
import { remedyNear } from './names';

/** The runtimes that models may name, and which can load what. */
export class RuntimeChoice {
  private readonly byName: ReadonlyMap<string, ServingRuntime>;
  private readonly byFormat = new Map<string, ServingRuntime[]>();

  constructor(
    runtimes: readonly ServingRuntime[],
    private readonly findings: Findings,
  ) {
    this.byName = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
    for (const runtime of runtimes) {
      for (const format of runtime.formats) this.byFormat.set(format, [...(this.byFormat.get(format) ?? []), runtime]);
    }
  }

  /** The runtime of a model: the one it names, or the only one that loads its format; null and a finding otherwise. */
  of(input: ModelInput, key: string, at: At): ServingRuntime | null {
    return input.runtime === undefined ? this.byItsFormat(input, key, at) : this.named(input.runtime, input, key, at);
  }

  private byItsFormat(input: ModelInput, key: string, at: At): ServingRuntime | null {
    const able = this.byFormat.get(input.format) ?? [];
    if (able.length === 1) return able[0] ?? null;
    if (able.length === 0)
      this.findings.add(
        'STW1010',
        `no runtime can load the format "${input.format}" of ${key}`,
        at('format'),
        remedyNear(input.format, this.byFormat.keys()),
      );
    else
      this.findings.add(
        'STW1010',
        `several runtimes can load the format "${input.format}" of ${key}`,
        at('format'),
        `Set runtime to one of: ${able.map((runtime) => runtime.name).join(', ')}.`,
      );
    return null;
  }

  private named(name: string, input: ModelInput, key: string, at: At): ServingRuntime | null {
    const runtime = this.byName.get(name);
    if (runtime === undefined) {
      this.findings.add(
        'STW1009',
        `${key} names the runtime "${name}", which is not declared`,
        at('runtime'),
        remedyNear(name, this.byName.keys()),
      );
      return null;
    }
    if (runtime.formats.includes(input.format)) return runtime;
    this.findings.add(
      'STW1010',
      `runtime "${runtime.name}" cannot load the format "${input.format}" of ${key}`,
      at('format'),
      `It loads: ${runtime.formats.join(', ')}.`,
    );
    return null;
  }

  /** Reports an adapter without a base, or a base that the runtime does not declare. */
  checkBase(runtime: ServingRuntime, base: string | null, key: string, at: At): void {
    if (base === null ? runtime.repository.layout !== 'adapters' : runtime.baseModels.some(({ name }) => name === base))
      return;
    const known = runtime.baseModels.map((model) => model.name);
    if (base === null) {
      this.findings.add(
        'STW1006',
        `${key} is an adapter and names no base model`,
        at('base'),
        `Set base to one of: ${known.join(', ') || `(declare baseModels on runtime "${runtime.name}")`}.`,
      );
    } else {
      this.findings.add(
        'STW1009',
        `${key} needs the base model "${base}", which runtime "${runtime.name}" does not declare`,
        at('base'),
        known.length === 0 ? `Declare it in baseModels of runtime "${runtime.name}".` : remedyNear(base, known),
      );
    }
  }
}
