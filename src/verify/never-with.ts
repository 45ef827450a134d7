import type { Model } from '../declare/fleet';

/** Which of these models meet one that they must not: position in the list and a message. */
export function meetings(models: readonly Model[]): readonly { readonly at: number; readonly message: string }[] {
  if (models.every((model) => model.neverWith.length === 0)) return [];
  // Two bearers of a label are enough to know whether there is one beside the model itself.
  const bearers = new Map<string, Model[]>();
  for (const model of models) {
    for (const [name, value] of Object.entries(model.labels)) {
      const known = bearers.get(`${name}=${value}`);
      if (known === undefined) bearers.set(`${name}=${value}`, [model]);
      else if (known.length < 2) known.push(model);
    }
  }
  return models.flatMap((model, at) =>
    model.neverWith.flatMap((label) => {
      const other = bearers.get(label)?.find((bearer) => bearer !== model);
      return other === undefined
        ? []
        : [{ at, message: `${model.key} must not meet ${other.key}, which has ${label}` }];
    }),
  );
}
