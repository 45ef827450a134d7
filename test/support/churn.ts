import fc from 'fast-check';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import type { LockedPlacement, LockedShard } from '../../src/pack/packing';
import { fleetInputs } from './fleets';

export interface Churn {
  readonly before: FleetInput;
  readonly after: FleetInput;
  readonly layout: 'copies' | 'equal';
}

/** A declaration and a later one: some models are gone, some new, some of another size or of other tenants. */
export function churnedFleets(): fc.Arbitrary<Churn> {
  return fleetInputs({ minModels: 3, maxModels: 40, budgets: false }).chain((input) => {
    const models = input.models ?? [];
    const fates = fc.array(fc.constantFrom('stays', 'stays', 'stays', 'goes', 'comes', 'grows', 'shrinks', 'moves'), {
      minLength: models.length,
      maxLength: models.length,
    });
    return fc
      .record({ fates, layout: fc.constantFrom('copies' as const, 'equal' as const) })
      .map(({ fates, layout }) => {
        const kept = (not: string) => models.filter((_, i) => fates[i] !== not);
        const before = kept('comes');
        const after = models.flatMap((model, i) => (fates[i] === 'goes' ? [] : [changed(model, fates[i] ?? 'stays')]));
        const [first] = models;
        const some = (list: ModelInput[]) => (list.length === 0 && first !== undefined ? [first] : list);
        return { before: { ...input, models: some(before) }, after: { ...input, models: some(after) }, layout };
      });
  });
}

function changed(model: ModelInput, fate: string): ModelInput {
  const by = fate === 'grows' ? 1.6 : fate === 'shrinks' ? 0.5 : 1;
  const size = (text: string | number | undefined) =>
    typeof text === 'string' ? `${Math.max(1, Math.floor(Number.parseInt(text, 10) * by))}Mi` : text;
  const gpuMemory = size(model.gpuMemory);
  // Of a base model no more than what a LoRA adapter may take.
  return by === 1
    ? model
    : {
        ...model,
        memory: size(model.memory),
        gpuMemory: model.format === 'lora' ? model.gpuMemory : capped(gpuMemory),
      };
}

function capped(text: string | number | undefined): string | number | undefined {
  return typeof text === 'string' ? `${Math.min(8000, Number.parseInt(text, 10))}Mi` : text;
}

/** The same placement with each shard's models in two shards: room to save that no honest packer would leave. */
export function scatteredLock(fleet: Fleet, locked: LockedPlacement): LockedPlacement {
  const copies = new Map(fleet.models.map((model) => [model.key, model.replicas]));
  const twin = (id: string) => `${id}t`;
  const models = locked.models.map((model, i) =>
    i % 2 === 0 && copies.has(model.key) ? { ...model, shards: model.shards.map(twin) } : model,
  );
  const used = new Set(models.flatMap((model) => model.shards));
  const shards = locked.shards
    .flatMap((shard): LockedShard[] => [shard, { ...shard, id: twin(shard.id) }])
    .filter((shard) => used.has(shard.id));
  return { shards: shards.sort((a, b) => (a.id < b.id ? -1 : 1)), models };
}
