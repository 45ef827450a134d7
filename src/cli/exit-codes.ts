/** Documented in `stowage --help`; `changed` only under --detailed-exitcode. */
export const exitCodes = { ok: 0, error: 1, changed: 2, overBudget: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
