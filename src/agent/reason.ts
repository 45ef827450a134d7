import type { ErrorCode } from '../errors/registry';
import { type Diagnostic, diagnostic, StowageError } from '../errors/stowage-error';

export function agentError(code: ErrorCode, message: string, cause?: unknown): StowageError {
  return new StowageError([diagnostic(code, message)], cause === undefined ? undefined : { cause });
}

/** One line for people: what routers and `stowage status` show. */
export function reasonOf(error: unknown): string {
  if (StowageError.is(error)) return error.diagnostics.map(oneLine).join('; ');
  if (!(error instanceof Error)) return clip(String(error));
  // fetch says only "fetch failed"; the cause tells why.
  const { cause } = error;
  return clip(cause instanceof Error && cause.message !== '' ? `${error.message}: ${cause.message}` : error.message);
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

function oneLine({ code, message }: Diagnostic): string {
  return clip(`${code}: ${message}`);
}

/** Tracebacks of servers are long; the last lines say most. */
function clip(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, ' | ');
  return line.length <= 1000 ? line : `${line.slice(0, 300)} ... ${line.slice(-690)}`;
}
