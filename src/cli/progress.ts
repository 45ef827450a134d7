import { type EventSink, ignoreEvents, type Phase, type StowageEvent } from '../events';

const quietMillis = 300;
const everyMillis = 80;

const words: Readonly<Record<Phase, string>> = {
  load: 'reading models',
  pack: 'packing',
  bound: 'proving the bound',
  conflict: 'looking for what conflicts',
  verify: 'verifying',
  plan: 'counting',
  render: 'rendering',
  write: 'writing',
};

export interface Progress {
  readonly onEvent: EventSink;
  /** Wipes the line. */
  readonly end: () => void;
}

/** A line on a terminal's standard error, once work lasts longer than 300 ms. */
export function progressOn(stream: NodeJS.WriteStream, quiet: boolean): Progress {
  if (quiet || stream.isTTY !== true) return { onEvent: ignoreEvents, end: () => undefined };
  const start = performance.now();
  let last = 0;
  let shown = false;
  const onEvent = (event: StowageEvent): void => {
    const now = performance.now();
    if (event.type === 'phase-end' || now - start < quietMillis || now - last < everyMillis) return;
    last = now;
    shown = true;
    stream.write(`\r\u001b[K${progressLine(event)}`);
  };
  const end = (): void => {
    if (shown) stream.write('\r\u001b[K');
    shown = false;
  };
  return { onEvent, end };
}

function progressLine(event: StowageEvent): string {
  const what = words[event.phase];
  if (event.type !== 'phase-progress') return `${what} ...`;
  return event.total === undefined ? `${what}: ${event.done}` : `${what}: ${event.done} of ${event.total}`;
}
