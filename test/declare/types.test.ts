import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import type { fleetSchema, modelSchema } from '../../src/declare/schema';

/** Without `readonly`, which zod's types lack. */
type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;

/** Checked by the compiler (`npm run typecheck`): an unused `@ts-expect-error` is an error. */
const compiled = () => [
  defineFleet({ name: 'a', pools: [{ name: 'cpu', cpu: '500m', memory: 1e9 }] }),
  defineFleet({ name: 'a', pools: [], budgets: { pods: 3, ips: { limit: 3, enforcement: 'warn' } } }),
  // @ts-expect-error a misspelt field
  defineFleet({ name: 'a', pools: [], budget: {} }),
  // @ts-expect-error a misspelt field inside
  defineFleet({ name: 'a', pools: [{ name: 'cpu', cpu: 1, memory: 1, maxpods: 3 }] }),
  // @ts-expect-error a missing field
  defineFleet({ name: 'a' }),
  // @ts-expect-error a word that is not one of those allowed
  defineFleet({ name: 'a', pools: [], tenants: [{ name: 't', isolation: 'pod' }] }),
  // @ts-expect-error a size that is no quantity
  defineFleet({ name: 'a', pools: [], models: [{ name: 'm', format: 'onnx', storageUri: 's', memory: true }] }),
  // @ts-expect-error an enforcement that is not one
  defineFleet({ name: 'a', pools: [], budgets: { pods: { limit: 1, enforcement: 'soft' } } }),
];

describe('types', () => {
  it('are those of the schema, field by field', () => {
    expectTypeOf<Mutable<FleetInput>>().toExtend<z.input<typeof fleetSchema>>();
    expectTypeOf<Omit<z.input<typeof fleetSchema>, '$schema'>>().toExtend<FleetInput>();
    expectTypeOf<keyof z.input<typeof fleetSchema>>().toEqualTypeOf<keyof FleetInput | '$schema'>();
    expectTypeOf<keyof z.input<typeof modelSchema>>().toEqualTypeOf<keyof ModelInput>();
  });

  it('give a fleet in base units', () => {
    expectTypeOf(defineFleet).returns.toEqualTypeOf<Fleet>();
    expectTypeOf<Fleet['pools'][number]['nodeMemoryBytes']>().toEqualTypeOf<number>();
    expect(compiled).toBeTypeOf('function');
  });

  it('take constant data as it is', () => {
    const pools = [{ name: 'cpu', cpu: 8, memory: '32Gi' }] as const;
    const models = [{ name: 'm', format: 'sklearn', storageUri: 's3://m' }] as const;
    expect(defineFleet({ name: 'a', pools, models } as const).models[0]?.runtime).toBe('mlserver');
  });
});
