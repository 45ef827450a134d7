/** What `stowage local` does, as it does it. The library prints nothing. */
export type LocalEvent =
  | { readonly type: 'starting'; readonly name: string; readonly at: string }
  | {
      readonly type: 'crashed';
      readonly name: string;
      readonly how: string;
      readonly pauseMs: number;
      readonly log: string;
    }
  | { readonly type: 'models'; readonly ready: number; readonly failed: number; readonly total: number };

export type LocalEventSink = (event: LocalEvent) => void;
