import type { Diagnostic } from '../errors/stowage-error';

/** What `stowage verify` found: `ok` exactly when there is no finding of severity error. */
export interface Verification {
  readonly ok: boolean;
  readonly findings: readonly Diagnostic[];
  /** What was re-derived, for the report. */
  readonly checked: { readonly models: number; readonly shards: number; readonly classes: number };
}
