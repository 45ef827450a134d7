import type { Command } from 'commander';
import type { Diagnostic } from '../errors/stowage-error';
import type { TextOptions } from '../report/style';
import { type Progress, progressOn } from './progress';
import { errorOptions, textOptions } from './terminal';

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly cwd?: string;
  readonly allErrors?: boolean;
}

/** How one run of a verb talks to its user. */
export interface Session {
  readonly out: TextOptions;
  readonly err: TextOptions;
  readonly progress: Progress;
  /** A remark on standard error; nothing under --quiet. */
  readonly note: (text: string) => void;
  readonly warn: (warnings: readonly Diagnostic[]) => void;
}

export function sessionOf(command: Command): Session {
  const { color, quiet = false } = command.optsWithGlobals<GlobalOptions>();
  const err = errorOptions(color);
  const progress = progressOn(process.stderr, quiet);
  const say = (text: string): void => {
    progress.end();
    if (!quiet) process.stderr.write(text);
  };
  return {
    out: textOptions(process.stdout, color),
    err,
    progress,
    note: (text) => say(`${text}\n`),
    warn: (warnings) => {
      if (warnings.length === 0) return;
      const { diagnosticsText } = require('../report/diagnostics-text') as typeof import('../report/diagnostics-text');
      say(diagnosticsText(warnings, err));
    },
  };
}
