import type { Cluster } from './cluster';

/** How the suites reach the one cluster of a test run. */
export interface UseCluster {
  cluster(): Cluster;
  /** Prepares a suite; not called where there is no cluster. */
  beforeAll(prepare: () => Promise<void>): void;
  /** To be printed when all is done. */
  tell(text: string): void;
}

export const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
