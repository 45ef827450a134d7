import type { Verification } from '../verify/verification';
import { diagnosticsText } from './diagnostics-text';
import { styleOf, type TextOptions } from './style';
import { plural } from './units';

/** What the independent check found. Ends with a line feed. */
export function verificationText(verification: Verification, options: TextOptions): string {
  const style = styleOf(options);
  const { models, shards, classes } = verification.checked;
  const checked = `${plural(models, 'model')}, ${plural(shards, 'shard')}, ${plural(classes, 'sharing class', 'sharing classes')}`;
  const errors = verification.findings.filter((finding) => finding.severity === 'error').length;
  const verdict = verification.ok
    ? `${style.bold(style.green('sound'))}: re-derived from the declaration, ${checked}`
    : `${style.bold(style.red('not sound'))}: ${plural(errors, 'error')} in ${checked}`;
  return `${diagnosticsText(verification.findings, options)}${verdict}\n`;
}
