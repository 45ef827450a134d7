import type { Fleet, Model } from '../../src/declare/fleet';
import { classContext } from '../../src/pack/class-context';
import { copiesNeeded } from '../../src/pack/pieces';
import { sharingClasses } from '../../src/pack/sharing';

/** The same fleet with each copy of a model as a model of its own, with its part of the load, that never meets the others. */
export function inCopies(fleet: Fleet): Fleet {
  const models = sharingClasses(fleet).flatMap((sharing) => {
    const context = classContext(fleet, sharing);
    return sharing.models.flatMap((model): Model[] => {
      const copies = copiesNeeded(context, model);
      if (copies === 1) return [model];
      const label = `stowage-copy=${model.key}`;
      return Array.from({ length: copies }, (_, copy) => ({
        ...model,
        key: `${model.key}#${copy}`,
        replicas: 1,
        load: {
          ...model.load,
          microDuty: Math.ceil(model.load.microDuty / copies),
          cpuMillis: Math.ceil(model.load.cpuMillis / copies),
        },
        labels: { ...model.labels, 'stowage-copy': model.key },
        neverWith: [...model.neverWith, label],
      }));
    });
  });
  return { ...fleet, models: models.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}
