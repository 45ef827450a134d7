/** What long work tells its caller. The library prints nothing; the CLI renders these on stderr. */
export type StowageEvent =
  | { readonly type: 'phase-start'; readonly phase: Phase; readonly detail?: string }
  | { readonly type: 'phase-progress'; readonly phase: Phase; readonly done: number; readonly total?: number }
  | { readonly type: 'phase-end'; readonly phase: Phase; readonly detail?: string };

export type Phase = 'load' | 'pack' | 'bound' | 'conflict' | 'verify' | 'plan' | 'render' | 'write';

export type EventSink = (event: StowageEvent) => void;

export const ignoreEvents: EventSink = () => undefined;
