import type { SourceLocation } from '../declare/fleet';
import { type ErrorCode, errorRegistry } from './registry';

/** One finding about the input: what is wrong, where, and what to do. Plain data: printable as JSON. */
export interface Diagnostic {
  readonly code: ErrorCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly hint: string;
  readonly location: SourceLocation | null;
}

/** Makes a diagnostic; the hint is the registry's remedy unless a more precise one is given. */
export function diagnostic(
  code: ErrorCode,
  message: string,
  options: { location?: SourceLocation; hint?: string; severity?: 'error' | 'warning' } = {},
): Diagnostic {
  return {
    code,
    severity: options.severity ?? 'error',
    message,
    hint: options.hint ?? errorRegistry[code].remedy,
    location: options.location ?? null,
  };
}

const brand = Symbol.for('stowage.StowageError');

/** Thrown by every public function for bad input; carries all findings at once. `code` is the first one's. */
export class StowageError extends Error {
  readonly code: ErrorCode;
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], options?: { cause?: unknown }) {
    const [first] = diagnostics;
    if (first === undefined) throw new TypeError('StowageError needs at least one diagnostic');
    const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
    super(`${first.code}: ${first.message}${more}`, options);
    this.name = 'StowageError';
    this.code = first.code;
    this.diagnostics = diagnostics;
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for a StowageError of any copy of this package in the process. */
  static is(error: unknown): error is StowageError {
    return typeof error === 'object' && error !== null && brand in error;
  }
}
