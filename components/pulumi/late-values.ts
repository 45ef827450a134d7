import * as pulumi from '@pulumi/pulumi';
import type { Overrides } from '../shared/overrides';

/** Overrides for rendering now, and a way to put in those that are known only when Pulumi runs. */
export interface LateValues {
  readonly overrides: Overrides<string>;
  /** Replaces the stand-ins in a rendered value by outputs. */
  fill<T>(value: T): pulumi.Input<T>;
}

/** Plain strings are rendered as they are; outputs and promises stand in by a name that nothing else has. */
export function lateValues(inputs: Overrides<pulumi.Input<string>>): LateValues {
  const overrides: Record<string, string> = {};
  const late: { readonly mark: string; readonly value: pulumi.Output<string> }[] = [];
  const { namespace, routerImage, agentImage, storageSecretName } = inputs;
  for (const [name, input] of Object.entries({ namespace, routerImage, agentImage, storageSecretName })) {
    if (input === undefined) continue;
    if (typeof input === 'string') overrides[name] = input;
    else {
      const mark = `stowage-late-${name.toLowerCase()}`;
      overrides[name] = mark;
      late.push({ mark, value: pulumi.output(input) });
    }
  }
  const fillText = (text: string): pulumi.Input<string> => {
    const used = late.filter(({ mark }) => text.includes(mark));
    if (used.length === 0) return text;
    return pulumi
      .all(used.map(({ value }) => value))
      .apply((values) => used.reduce((filled, { mark }, i) => filled.replaceAll(mark, values[i] ?? ''), text));
  };
  const fillAny = (value: unknown): unknown => {
    if (typeof value === 'string') return fillText(value);
    if (Array.isArray(value)) return value.map(fillAny);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fillAny(field)]));
  };
  return {
    overrides,
    fill: <T>(value: T) => (late.length === 0 ? value : (fillAny(value) as pulumi.Input<T>)),
  };
}
