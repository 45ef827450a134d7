import { nearest } from '../../../declare/findings';
import { type ErrorCode, errorRegistry } from '../../../errors/registry';
import { diagnostic, StowageError } from '../../../errors/stowage-error';
import { print } from '../../output';

/** @throws StowageError STW5006 */
export function printError(given: string): void {
  const code = given.toUpperCase().replace(/^(\d{4})$/, 'STW$1');
  if (!Object.hasOwn(errorRegistry, code)) {
    const near = nearest(code, Object.keys(errorRegistry));
    const hint = near === null ? {} : { hint: `Did you mean "${near}"?` };
    throw new StowageError([diagnostic('STW5006', `there is no error code "${given}"`, hint)]);
  }
  const { title, cause, remedy } = errorRegistry[code as ErrorCode];
  print(`${code}  ${title}\n\n  Cause:  ${cause}\n  Remedy: ${remedy}\n`);
}
