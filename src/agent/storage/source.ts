/** Brings the files of one model into a folder, which may hold what an earlier try left behind. */
export type Source = (uri: string, folder: string, context: FetchContext) => Promise<void>;

export interface FetchContext {
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
  /** Called before bytes are written; with fewer than 0 when they are gone. @throws StowageError STW6104 when they do not fit */
  readonly reserve: (bytes: number) => void;
  /** Where claims of `pvc` are mounted, one folder each. */
  readonly claims: string;
}

/** Texts from the mounted Secret, by name; null: not there. Read at each use, so that a renewed Secret counts. */
export type Credentials = (name: string) => Promise<string | null>;
