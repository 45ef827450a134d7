import type { ModelTableEntry } from '../../render/model-table';

/** What the agent needs of a model server; one object a server. */
export interface Adapter {
  /** Makes the repository ready for the server; before anything else, and again at each start of the agent. */
  prepare(): Promise<void>;
  /** `down`: nobody listens, so whatever it held is lost. `busy`: it does not answer now; some do not while they load. */
  state(): Promise<'up' | 'busy' | 'down'>;
  /** Which of these the server holds, ready to answer. */
  holding(served: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Loads what lies in the folder `files`; when it resolves, the model answers. `reload`: another copy of it is loaded,
   * and keeps serving should this fail.
   * @throws StowageError STW6105 with the server's reason
   */
  load(entry: ModelTableEntry, files: string, options: LoadOptions): Promise<void>;
  /** When it resolves, the model is gone. A model that is not there is gone. */
  unload(served: string, signal: AbortSignal): Promise<void>;
  /** Asks a loaded model something; the reason why it is dead although the server says it is there, or null. */
  probe?(served: string): Promise<string | null>;
  /** Whether a failed reload leaves the old copy serving. */
  readonly keepsOnFailure: boolean;
}

export interface LoadOptions {
  readonly reload: boolean;
  readonly timeoutMs: number;
}

/** Where the server is, as the agent reaches it. */
export interface ServerAddress {
  readonly host: string;
  readonly http: number;
  readonly grpc: number | null;
  readonly metrics: number | null;
  /** Repository as the server sees it, and the agent too. */
  readonly repository: string;
  /** Secret of the server's admin methods; null: they are open. */
  readonly adminToken: string | null;
}
