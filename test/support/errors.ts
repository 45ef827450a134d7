import { type Diagnostic, StowageError } from '../../src/errors/stowage-error';

/** The findings of the StowageError that `run` throws; none where it returns. Any other error fails the test. */
export function findingsOf(run: () => unknown): readonly Diagnostic[] {
  try {
    run();
  } catch (error) {
    if (StowageError.is(error)) return error.diagnostics;
    throw error;
  }
  return [];
}

export function codesOf(run: () => unknown): string[] {
  return findingsOf(run).map((finding) => finding.code);
}
