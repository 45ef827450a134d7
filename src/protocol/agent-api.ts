/**
 * What meshd and an agent say to each other: HTTP and JSON on the agent's port, meshd is the client.
 * `POST /v1/sync` is a long poll; see docs/reference/agent-api.md.
 */

export type ModelState = 'loading' | 'ready' | 'failed' | 'leaving' | 'gone';

export interface SyncRequest {
  /** Names this router process: another one each time it starts. */
  readonly router: string;
  /** Revision that the router has seen of this agent's `instance`; 0: none. */
  readonly since: number;
  readonly instance: string | null;
  /** How long the agent may wait for news, in milliseconds. */
  readonly waitMs: number;
  /** The shard's desired model table, as the parts of its ConfigMaps; absent: unchanged since the last sync. */
  readonly table?: readonly string[];
  /** Served names reported as leaving that this router no longer sends requests to. */
  readonly released: readonly string[];
}

export interface SyncResponse {
  readonly pod: string;
  readonly shard: string;
  /** Random for each start of the agent. */
  readonly instance: string;
  readonly revision: number;
  /** True: `models` is all there is; false: what changed after `since`. */
  readonly full: boolean;
  readonly models: readonly ModelReport[];
}

export interface ModelReport {
  /** `tenant/name@version` */
  readonly model: string;
  readonly served: string;
  readonly state: ModelState;
  /** Why it failed; null: it did not. */
  readonly reason: string | null;
  /** Measured; null: not known. */
  readonly memoryBytes: number | null;
  readonly declaredBytes: number;
}
