import {
  antiCorrelated,
  type CatalogueOptions,
  type Instance,
  imageZoo,
  quarterToHalf,
  realistic,
  triplets,
  uniform,
} from './instances';

/** Names an instance in few words, so that a process of its own can make it. */
export type Spec =
  | ({ readonly kind: 'catalogue'; readonly count: number; readonly seed: number } & CatalogueOptions)
  | { readonly kind: keyof typeof classes; readonly count: number; readonly seed: number }
  | { readonly kind: 'zoo' };

/** Classes of the literature: one pool, nothing isolated, one copy each. */
const classes = { uniform, triplets, quarterToHalf, antiCorrelated };

/** Copies on any pods, whatever the default is. */
export function instanceOf(spec: Spec): Instance {
  const { name, fleet } = declared(spec);
  return { name, fleet: { ...fleet, packing: { ...fleet.packing, layout: 'copies' } } };
}

function declared(spec: Spec): Instance {
  if (spec.kind === 'zoo') return imageZoo();
  if (spec.kind === 'catalogue') return realistic(spec.count, spec.seed, spec);
  return classes[spec.kind](spec.count, spec.seed);
}

export function ofLiterature(spec: Spec): boolean {
  return spec.kind in classes;
}

/** `quick`: one seed of the small ones. `huge`: 100,000 models, too. */
export function suite({ quick, huge }: { readonly quick: boolean; readonly huge: boolean }): Spec[] {
  const specs: Spec[] = [];
  const seeds = quick ? [1] : [1, 2, 3, 4, 5];
  const caps = [32, 128, undefined] as const;
  const add = (count: number, seed: number, options: CatalogueOptions) =>
    specs.push({ kind: 'catalogue', count, seed, ...options });
  for (const count of quick ? [1000] : [1000, 10_000]) {
    for (const cap of caps) {
      const limit = cap === undefined ? {} : { modelsPerPod: cap };
      for (const seed of seeds) add(count, seed, { isolated: true, ...limit });
      if (quick) continue;
      add(count, 1, { isolated: false, ...limit });
      add(count, 1, { isolated: true, onePool: true, ...limit });
    }
  }
  if (huge)
    for (const cap of caps)
      for (const seed of seeds)
        add(100_000, seed, { isolated: true, ...(cap === undefined ? {} : { modelsPerPod: cap }) });
  specs.push({ kind: 'zoo' });
  for (const count of quick ? [120] : [120, 500, 1000])
    for (const kind of Object.keys(classes) as (keyof typeof classes)[]) specs.push({ kind, count, seed: 1 });
  return specs;
}

/** The first of each size without a limit of models: packed with the longer search, too. */
export function triesLonger(spec: Spec): boolean {
  return (
    spec.kind === 'catalogue' &&
    spec.seed === 1 &&
    spec.isolated &&
    spec.onePool !== true &&
    spec.modelsPerPod === undefined
  );
}
