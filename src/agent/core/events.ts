import type { ModelTable, ModelTableEntry } from '../../render/model-table';

/** What happens to the core. Times are milliseconds of one clock, given beside the event. */
export type CoreEvent =
  | { readonly type: 'table'; readonly table: ModelTable }
  /** Something else that a response says has changed. */
  | { readonly type: 'news' }
  /** What the server holds, as asked of it: at the agent's start, at the server's, and after a doubt. */
  | {
      readonly type: 'held';
      /** What was asked for, and what the core knew of it then. */
      readonly asked: ReadonlyMap<string, ModelTableEntry | null>;
      readonly entries: readonly ModelTableEntry[];
      /** Whose files are whole on the disk. */
      readonly files: readonly ModelTableEntry[];
    }
  | { readonly type: 'server-lost' }
  /** An agent before this one was ready in this pod. */
  | { readonly type: 'ready-before' }
  /** The server says that it holds the model, but it does not answer. */
  | { readonly type: 'dead'; readonly served: string; readonly reason: string }
  | { readonly type: 'rss'; readonly bytes: number }
  | { readonly type: 'fetched'; readonly served: string }
  | { readonly type: 'fetch-failed'; readonly served: string; readonly reason: string }
  | { readonly type: 'loaded'; readonly served: string; readonly riseBytes: number | null }
  /** `kept`: what was loaded before still serves. */
  | { readonly type: 'load-failed'; readonly served: string; readonly reason: string; readonly kept: boolean }
  | { readonly type: 'unloaded'; readonly served: string }
  | { readonly type: 'unload-failed'; readonly served: string; readonly reason: string }
  | {
      readonly type: 'heard';
      readonly router: string;
      /** The revision that the router had seen when it released. */
      readonly since: number;
      /** All that it released; only models that it saw leaving count. */
      readonly released: readonly string[];
      readonly routed: boolean;
    }
  /** The router has ended in good order. */
  | { readonly type: 'left'; readonly router: string }
  /** The router's poll has lasted until now. */
  | { readonly type: 'listened'; readonly router: string }
  /** A request for an on-demand model: answered by `settled`. */
  | { readonly type: 'demand'; readonly served: string }
  | { readonly type: 'abandon'; readonly served: string }
  /** A request that `settled` let in has ended. */
  | { readonly type: 'done'; readonly served: string }
  | { readonly type: 'drain' }
  | { readonly type: 'tick' };

export type CoreAction =
  | { readonly type: 'fetch'; readonly served: string; readonly entry: ModelTableEntry }
  | { readonly type: 'load'; readonly served: string; readonly entry: ModelTableEntry }
  | { readonly type: 'unload'; readonly served: string; readonly entry: ModelTableEntry; readonly evicted: boolean }
  /** Removes all files of a model but those of `keep`. */
  | { readonly type: 'discard'; readonly served: string; readonly keep: readonly ModelTableEntry[] }
  | { readonly type: 'settled'; readonly served: string; readonly outcome: Outcome };

/** How a demand ends. `ready` has pinned the model once for each request that waited. */
export type Outcome =
  | { readonly kind: 'ready'; readonly requests: number }
  | { readonly kind: 'busy' | 'failed'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly kind: 'unknown' };

export interface CoreLimits {
  readonly fetches: number;
  readonly loads: number;
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
  /** How long a request waits for room, or for its turn to be fetched. */
  readonly roomWaitMs: number;
  /** How long failures keep a pod from being ready that never was: see `Readiness`. */
  readonly readyHoldMs: number;
}

export const defaultLimits: CoreLimits = {
  fetches: 4,
  // Servers answer slowly or nobody while they load: one at a time.
  loads: 1,
  firstRetryMs: 1000,
  lastRetryMs: 300_000,
  roomWaitMs: 5000,
  readyHoldMs: 1_800_000,
};
