import type { WriteStream } from 'node:tty';
import type { TextOptions } from '../report/style';

/** Width without a terminal: reports in logs stay readable. */
const defaultWidth = 100;

/** Colour: --color or --no-color, then NO_COLOR, FORCE_COLOR, then whether the stream is a terminal. */
export function textOptions(stream: WriteStream, color?: boolean): TextOptions {
  return { color: color ?? colorByEnvironment(stream), width: widthOf(stream) };
}

/** For findings: not broken into lines where a log or a tool reads them. */
export function errorOptions(color?: boolean): TextOptions {
  const options = textOptions(process.stderr, color);
  return process.stderr.isTTY === true ? options : { ...options, width: Number.POSITIVE_INFINITY };
}

function colorByEnvironment(stream: WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && TERM !== 'dumb';
}

function widthOf(stream: WriteStream): number {
  const given = Number(process.env.COLUMNS);
  const width = Number.isInteger(given) && given > 0 ? given : (stream.columns ?? defaultWidth);
  return Math.min(Math.max(width, 40), 200);
}
