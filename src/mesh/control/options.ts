export interface ControlOptions {
  /** Callers are not told apart by tenant. */
  readonly open: boolean;
  readonly timeoutMs: number;
  /** From the acknowledgement that a route is gone to the release of the model or pod: requests under way end in it. */
  readonly drainMs: number;
  /** How long a model that no table has any more stays in service: a move may take it out of one table first. */
  readonly removalMs: number;
  /** How long a model waits for the room of leaving ones whose new place is not ready; then those lose their routes. */
  readonly roomPatienceMs: number;
  /** How long an old copy of a model stays in service while other copies are up and the pods of a new one are missing. */
  readonly copyPatienceMs: number;
  /** How long a model without a route waits for the last pods that should hold it; then those that do serve it. */
  readonly memberPatienceMs: number;
  /** How long the first push waits for all agents to be heard. */
  readonly startPatienceMs: number;
}

export const defaultControlOptions: ControlOptions = {
  open: true,
  timeoutMs: 60_000,
  drainMs: 5_000,
  removalMs: 60_000,
  roomPatienceMs: 60_000,
  copyPatienceMs: 600_000,
  memberPatienceMs: 5_000,
  startPatienceMs: 10_000,
};
