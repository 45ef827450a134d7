/** How much of it: CI's is small; `STOWAGE_E2E=full` is what the mesh is claimed for. */
export interface Size {
  readonly models: number;
  /** Shards of `replicas` pods; with the layout `copies`, so many times more of one pod. */
  readonly shards: number;
  readonly replicas: number;
  readonly routers: number;
  /** Models that move in each round, all at once. */
  readonly movesPerRound: number;
  readonly rounds: number;
  readonly apiAwaySeconds: number;
  /** Between two requests. */
  readonly everyMs: number;
}

const sizes: Readonly<Record<'small' | 'full', Size>> = {
  small: {
    models: 24,
    shards: 2,
    replicas: 2,
    routers: 2,
    movesPerRound: 8,
    rounds: 3,
    apiAwaySeconds: 12,
    everyMs: 40,
  },
  full: {
    models: 200,
    shards: 4,
    replicas: 2,
    routers: 2,
    movesPerRound: 20,
    rounds: 10,
    apiAwaySeconds: 30,
    everyMs: 20,
  },
};

export const size: Size = sizes[process.env.STOWAGE_E2E === 'full' ? 'full' : 'small'];

export const layout = process.env.STOWAGE_E2E_LAYOUT === 'copies' ? 'copies' : 'equal';
