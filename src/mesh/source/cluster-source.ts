import type { ControlEvent } from '../control/events';

/** Of the control's events, those that a source tells. */
export type SourceEvent = Extract<
  ControlEvent,
  {
    type:
      | 'table-changed'
      | 'table-broken'
      | 'table-removed'
      | 'aliases-changed'
      | 'aliases-broken'
      | 'pod-changed'
      | 'pod-removed'
      | 'source-synced';
  }
>;

export interface SourceListener {
  onEvent(event: SourceEvent): void;
  /** Why the source cannot tell what is true now; it goes on trying. null: it can again. */
  onProblem(problem: string | null): void;
}

/** Where meshd learns what should be (model tables, aliases) and which pods there are. */
export interface ClusterSource {
  start(listener: SourceListener): void;
  /** Nothing is told after it resolves. */
  stop(): Promise<void>;
}
