/** How much of it: CI's is small; `STOWAGE_E2E=full` is what the mesh is claimed for. */
export interface Size {
  readonly layout: 'copies' | 'equal';
  /** Of scikit-learn, on MLServer. */
  readonly models: number;
  /** Of them, so many have a copy more than `replicas`; only with the layout `copies`. */
  readonly withThirdCopy: number;
  readonly replicas: number;
  /** Of one pod with the layout `copies`, else of `replicas`. */
  readonly shards: number;
  /** On Triton's Python backend, where it is installed: two of two copies, and one of one. */
  readonly tritonModels: boolean;
  readonly routers: number;
  /** Copies that move in each round, all at once. */
  readonly movesPerRound: number;
  readonly rounds: number;
  readonly apiAwaySeconds: number;
  /** Between two requests. */
  readonly everyMs: number;
}

const small: Size = {
  layout: 'copies',
  models: 24,
  withThirdCopy: 6,
  replicas: 2,
  shards: 4,
  tritonModels: true,
  routers: 2,
  movesPerRound: 8,
  rounds: 2,
  apiAwaySeconds: 12,
  everyMs: 40,
};

const full: readonly Size[] = [
  {
    ...small,
    models: 80,
    withThirdCopy: 20,
    shards: 8,
    movesPerRound: 20,
    rounds: 10,
    apiAwaySeconds: 30,
    everyMs: 20,
  },
  {
    ...{ layout: 'equal', models: 200, withThirdCopy: 0, replicas: 2, shards: 4, tritonModels: false, routers: 2 },
    ...{ movesPerRound: 20, rounds: 10, apiAwaySeconds: 30, everyMs: 20 },
  },
];

const isFull = process.env.STOWAGE_E2E === 'full';

/** `STOWAGE_E2E_LAYOUT` names the only one wanted. */
export const sizes: readonly Size[] = (isFull ? full : [small]).filter(
  ({ layout }) => (process.env.STOWAGE_E2E_LAYOUT ?? layout) === layout,
);
